#include "daemon/services/convert_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/faults.h"
#include "formats/identity.h"
#include "formats/registry.h"
#include "proto/invalid_request.h"
#include "reeve/v1/convert_service.pb.h"

namespace reeve::services {
namespace {

using formats::Format;
using formats::Kind;

constexpr size_t kMaxDocumentBytes = 1 << 20;

absl::Status CheckSize(absl::string_view what, absl::string_view text) {
  if (text.size() <= kMaxDocumentBytes) return absl::OkStatus();
  return Error(v1::REASON_DOCUMENT_MALFORMED,
               absl::StrCat(what, " has ", text.size(), " bytes, at most 1 MiB are allowed"));
}

// What both requests have in common.
struct Source {
  Kind kind;
  Format format;
  formats::ConvertOptions options;  // points into the request
};

template <typename Request>
absl::StatusOr<Source> SourceOf(const Request& request) {
  const auto kind = formats::KindFromProto(request.kind());
  if (!kind) return Invalid("kind", "is not one that is known");
  const auto format = formats::FormatFromProto(request.document().format());
  if (!format) return Invalid("document.format", "is not one that is known");
  const v1::DocumentOptions& options = request.options();
  absl::Status status = CheckSize("the document", request.document().text());
  status.Update(CheckSize("the pool", options.pool_xml()));
  status.Update(CheckSize("the capabilities", options.capabilities_xml()));
  if (!status.ok()) return status;
  if (!options.pool_xml().empty() && *kind != Kind::kVolume) return Invalid("options.pool_xml", "is for volumes");
  if (!options.capabilities_xml().empty() && *kind != Kind::kDomain) {
    return Invalid("options.capabilities_xml", "is for domains");
  }
  Source source{.kind = *kind, .format = *format, .options = {}};
  source.options.strictness = options.lenient() ? formats::Strictness::kLenient : formats::Strictness::kStrict;
  source.options.pool = options.pool_xml();
  source.options.capabilities = options.capabilities_xml();
  source.options.make_uuid = formats::UuidMaker(options.deterministic());
  return source;
}

void AddFaults(const std::vector<formats::Fault>& faults, google::protobuf::RepeatedPtrField<v1::DocumentFault>* out) {
  for (const formats::Fault& fault : faults) {
    v1::DocumentFault* added = out->Add();
    added->set_line(fault.line);
    added->set_column(fault.column);
    added->set_text(fault.text);
  }
}

absl::StatusOr<v1::ConvertResponse> Convert(const v1::ConvertRequest& request) {
  auto source = SourceOf(request);
  if (!source.ok()) return source.status();
  const auto to = formats::FormatFromProto(request.to());
  if (!to) return Invalid("to", "is not one that is known");
  std::vector<formats::Warning> warnings;
  source->options.warnings = &warnings;
  auto text = formats::Convert(source->format, *to, source->kind, request.document().text(), source->options);
  if (!text.ok()) return text.status();
  v1::ConvertResponse response;
  response.mutable_document()->set_format(request.to());
  response.mutable_document()->set_text(*std::move(text));
  AddFaults(formats::FaultsOf(warnings), response.mutable_warnings());
  return response;
}

absl::StatusOr<v1::ValidateResponse> Validate(const v1::ValidateRequest& request) {
  auto source = SourceOf(request);
  if (!source.ok()) return source.status();
  if (!formats::CanRead(source->format, source->kind)) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("a ", NameOf(source->kind), " cannot be read from the format ", NameOf(source->format)));
  }
  const formats::Findings findings =
      formats::Validate(source->format, source->kind, request.document().text(), source->options);
  v1::ValidateResponse response;
  AddFaults(findings.faults, response.mutable_faults());
  AddFaults(findings.warnings, response.mutable_warnings());
  return response;
}

template <typename Request, typename Response>
void Work(Dispatcher* dispatcher, WorkerPool* workers, UnaryMethod<Request, Response> method, absl::string_view verb,
          absl::StatusOr<Response> (*work)(const Request&)) {
  dispatcher->Later(
      method, [workers, verb, work](CallPointer, Request request, std::function<void(absl::StatusOr<Response>)> done) {
        workers->Post([verb, work, request = std::move(request), done = std::move(done)] {
          absl::StatusOr<Response> response = work(request);
          if (!response.ok()) return done(WithContext(verb, response.status()));
          done(std::move(response));
        });
      });
}

}  // namespace

void RegisterConvertService(Dispatcher* dispatcher, WorkerPool* workers) {
  Work(dispatcher, workers, methods::kConvert, "convert", Convert);
  Work(dispatcher, workers, methods::kValidate, "validate", Validate);
}

}  // namespace reeve::services
