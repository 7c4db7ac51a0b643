# bash completion for reeve(1). The program itself knows the candidates: reeve complete -- WORD...
_reeve() {
    local current words=() candidate
    # COMP_WORDS is divided at the characters of COMP_WORDBREAKS as well; put together again what they divided.
    local line=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[${#words[@]} - 1]}
    # What stands before the last of ':' and '=' is there already in the eyes of readline.
    local before=
    case $current in
        *[:=]*) before=${current%"${current##*[:=]}"} ;;
    esac
    COMPREPLY=()
    while IFS= read -r candidate; do
        [[ -n $candidate ]] && COMPREPLY+=("$(printf '%q' "${candidate#"$before"}")")
    done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -F _reeve reeve
