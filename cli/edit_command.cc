#include "cli/edit_command.h"

#include <unistd.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/editor.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

enum class Answer { kAgain, kGiveUp, kForce };

// After a refusal: edit again, or give up; where somebody else changed it meanwhile, write over that or give up.
Answer Ask(Context& context, bool conflict) {
  if (!::isatty(STDIN_FILENO)) return Answer::kGiveUp;
  while (true) {
    context.output().PrintRaw(conflict ? "Write over the other change? [f,n,?]: " : "Try again? [y,n,?]: ");
    std::string line;
    if (!std::getline(std::cin, line)) return Answer::kGiveUp;
    if (line == "n") return Answer::kGiveUp;
    if (line == "y" && !conflict) return Answer::kAgain;
    if (line == "f" && conflict) return Answer::kForce;
    context.output().PrintNote(conflict ? "f: write over the change that was made meanwhile   n: give up"
                                        : "y: edit again   n: give up");
  }
}

int Edit(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to edit domain '", argument, "'");
  // The etag first: a change between the two reads is refused, not overwritten.
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_BASIC);
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  const std::string name = LastPart(domain->name());
  v1::ExportDomainRequest get;
  get.set_name(domain->name());
  get.set_format(v1::Document::FORMAT_LIBVIRT_XML);
  get.set_inactive(true);
  // With its secrets: what is written back without them would take them away.
  auto document = context.Call(methods::kExportDomainWithSecrets, std::move(get));
  if (!document.ok()) return FailDomain(context, failure, argument, document.status());

  auto file = EditedFile::Create(document->text(), ".xml");
  if (!file.ok()) return context.Fail(failure, file.status());
  v1::UpdateDomainRequest update;
  update.set_parent(domain->name().substr(0, domain->name().find("/domains/")));
  update.set_etag(domain->etag());
  update.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  bool edit = true;
  while (true) {
    if (edit) {
      auto text = file->Edit();
      if (!text.ok()) return context.Fail(failure, text.status());
      if (*text == document->text())
        return context.Done(absl::StrCat("Domain '", name, "' XML configuration not changed."));
      update.mutable_document()->set_text(*std::move(text));
    }
    update.clear_request_id();
    auto updated = context.Call(methods::kUpdateDomain, update);
    if (updated.ok()) {
      if (context.json()) return context.PrintJson(*updated);
      return context.Done(absl::StrCat("Domain '", name, "' XML configuration edited."));
    }
    const bool conflict = ReasonOf(updated.status()) == v1::REASON_ETAG_MISMATCH;
    const int code = context.Fail(failure, updated.status());
    const Answer answer = Ask(context, conflict);
    if (answer == Answer::kGiveUp) {
      context.output().PrintNote(absl::StrCat("Your text is kept in ", file->path()));
      file->Keep();
      return code;
    }
    edit = answer == Answer::kAgain;
    if (answer == Answer::kForce) update.clear_etag();
  }
}

}  // namespace

Command EditCommand() {
  return {.name = "edit",
          .summary = "edit the XML of a domain",
          .description =
              "With VISUAL, EDITOR, sensible-editor or vi. What is refused can be edited again. A change that somebody "
              "else "
              "made meanwhile is not overwritten. A running guest keeps what it was started with.",
          .examples = "EDITOR='nano' reeve edit web1",
          .options = {Argument("domain", "DOMAIN", "name, UUID or id of the domain", Completion::kDomain)},
          .run = Edit};
}

}  // namespace reeve::cli
