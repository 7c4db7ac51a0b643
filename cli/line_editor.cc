#include "cli/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/complete.h"
#include "cli/split.h"
#include "util/files.h"

namespace reeve::cli {
namespace {

constexpr int kHistorySize = 1000;  // lines
constexpr size_t kMaxShown = 200;   // candidates

}  // namespace

struct LineEditor::State {
  Context* context = nullptr;
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string history_path;
  std::string prompt;
  bool interrupted = false;

  static State* Of(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return static_cast<State*>(data);
  }

  static char* Prompt(EditLine* editor) { return Of(editor)->prompt.data(); }

  // One character from the terminal; Ctrl-C ends the line (-1), which libedit's own reading would not notice.
  static int ReadCharacter(EditLine* editor, wchar_t* character) {
    State* state = Of(editor);
    mbstate_t shift{};
    while (true) {
      pollfd polled[2] = {{STDIN_FILENO, POLLIN, 0}, {state->context->interrupt_fd(), POLLIN, 0}};
      if (::poll(polled, 2, -1) < 0 && errno != EINTR) return -1;
      if (state->context->Interrupted()) {
        state->interrupted = true;
        return -1;
      }
      if (polled[0].revents == 0) continue;
      char byte;
      const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) return static_cast<int>(count);
      const size_t used = std::mbrtowc(character, &byte, 1, &shift);
      if (used == static_cast<size_t>(-2)) continue;  // more bytes of it to come
      if (used == static_cast<size_t>(-1)) {
        shift = {};
        continue;  // not text: passed over
      }
      return 1;
    }
  }

  static unsigned char OnTab(EditLine* editor, int) {
    State* state = Of(editor);
    const LineInfo* info = el_line(editor);
    const std::vector<std::string> words =
        WordsForCompletion(absl::string_view(info->buffer, static_cast<size_t>(info->cursor - info->buffer)));
    const std::vector<std::string> candidates = Complete(*state->context, words, false);
    if (candidates.empty()) return CC_ERROR;
    const std::string& typed = words.back();
    const std::string common = CommonPrefix(candidates);
    const bool whole = candidates.size() == 1;
    if (common.size() > typed.size() || whole) {
      // A word that needs quotes is typed anew; a directory goes on.
      const std::string quoted = Quoted(common);
      if (quoted == common) {
        if (common.size() > typed.size() && el_insertstr(editor, common.substr(typed.size()).c_str()) != 0)
          return CC_ERROR;
      } else if (whole) {
        el_deletestr(editor, WordStart(info));
        if (el_insertstr(editor, quoted.c_str()) != 0) return CC_ERROR;
      }
      if (whole && !absl::EndsWith(common, "/")) el_insertstr(editor, " ");
      return CC_REFRESH;
    }
    state->List(candidates);
    return CC_REDISPLAY;
  }

  // Characters from the start of the word at the cursor, as it was typed, to the cursor.
  static int WordStart(const LineInfo* info) {
    const absl::string_view typed(info->buffer, static_cast<size_t>(info->cursor - info->buffer));
    size_t start = typed.size();
    for (size_t i = 0; i <= typed.size(); ++i) {
      const bool boundary =
          i == 0 || typed[i - 1] == ';' || absl::ascii_isspace(static_cast<unsigned char>(typed[i - 1]));
      if (!boundary) continue;
      const auto words = WordsForCompletion(typed.substr(i));
      if (words.size() == 1 && words == WordList{WordsForCompletion(typed).back()}) {
        start = i;
        break;
      }
    }
    // libedit counts characters, not bytes.
    const std::string tail(typed.substr(start));
    mbstate_t shift{};
    const char* source = tail.c_str();
    const size_t characters = std::mbsrtowcs(nullptr, &source, 0, &shift);
    return static_cast<int>(characters == static_cast<size_t>(-1) ? tail.size() : characters);
  }

  void List(const std::vector<std::string>& candidates) {
    std::string text = "\n";
    for (size_t i = 0; i < std::min(candidates.size(), kMaxShown); ++i) absl::StrAppend(&text, candidates[i], "  ");
    if (candidates.size() > kMaxShown) absl::StrAppend(&text, "... ", candidates.size() - kMaxShown, " more");
    context->output().Print(absl::StrCat(text, "\n"));
    (void)context->output().Flush();
  }
};

LineEditor::LineEditor(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<LineEditor>> LineEditor::Create(Context* context) {
  auto state = std::make_unique<State>();
  state->context = context;
  state->editor = el_init("reeve", stdin, stdout, stderr);
  state->history = history_init();
  if (state->editor == nullptr || state->history == nullptr)
    return absl::InternalError("libedit cannot use this terminal");
  EditLine* editor = state->editor;
  HistEvent event;
  history(state->history, &event, H_SETSIZE, kHistorySize);
  history(state->history, &event, H_SETUNIQUE, 1);
  state->history_path = HistoryPath(std::getenv("XDG_STATE_HOME"), std::getenv("HOME"));
  if (!state->history_path.empty()) history(state->history, &event, H_LOAD, state->history_path.c_str());
  el_set(editor, EL_CLIENTDATA, state.get());
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_HIST, history, state->history);
  el_set(editor, EL_PROMPT, State::Prompt);
  el_set(editor, EL_GETCFN, State::ReadCharacter);
  el_set(editor, EL_ADDFN, "reeve-complete", "Complete the word", State::OnTab);
  el_set(editor, EL_BIND, "^I", "reeve-complete", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(editor, nullptr);  // the user's ~/.editrc, if there is one
  return std::unique_ptr<LineEditor>(new LineEditor(std::move(state)));
}

LineEditor::~LineEditor() {
  HistEvent event;
  if (!state_->history_path.empty()) {
    const std::string directory = state_->history_path.substr(0, state_->history_path.rfind('/'));
    // Without a place for the history there is none: not worth a word at the end of a session.
    if (util::MakeDirectories(directory, 0700).ok()) {
      history(state_->history, &event, H_SAVE, state_->history_path.c_str());  // mode 0600
    }
  }
  history_end(state_->history);
  el_end(state_->editor);
}

LineEditor::Result LineEditor::ReadLine(const std::string& prompt, std::string* line) {
  state_->prompt = prompt;
  state_->interrupted = false;
  int count = 0;
  const char* text = el_gets(state_->editor, &count);
  if (state_->interrupted) {
    el_reset(state_->editor);
    return Result::kInterrupted;
  }
  if (text == nullptr || count <= 0) return Result::kEnd;
  line->assign(text);
  if (!absl::StripAsciiWhitespace(*line).empty()) {
    HistEvent event;
    history(state_->history, &event, H_ENTER, line->c_str());
  }
  return Result::kLine;
}

std::string HistoryPath(const char* state_home, const char* home) {
  // An XDG path must be absolute (XDG Base Directory Specification).
  if (state_home != nullptr && state_home[0] == '/') return absl::StrCat(state_home, "/reeve/history");
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.local/state/reeve/history");
  return "";
}

std::string CommonPrefix(const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  std::string prefix = candidates.front();
  for (const std::string& candidate : candidates) {
    const auto end = std::mismatch(prefix.begin(), prefix.end(), candidate.begin(), candidate.end()).first;
    prefix.erase(end, prefix.end());
  }
  // Not half a character.
  while (!prefix.empty() && prefix != candidates.front() &&
         (static_cast<unsigned char>(candidates.front()[prefix.size()]) & 0xc0) == 0x80) {
    prefix.pop_back();
  }
  return prefix;
}

}  // namespace reeve::cli
