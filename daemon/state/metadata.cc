// Title, description and elements below <metadata>.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "proto/invalid_request.h"

namespace reeve::state {
namespace {

int FindElement(const v1::DomainSpec& spec, const std::string& uri, const Formats& formats) {
  for (int i = 0; i < spec.metadata_size(); ++i) {
    if (formats.namespace_of(spec.metadata(i)) == uri) return i;
  }
  return -1;
}

absl::Status SetElement(const v1::SetDomainMetadataRequest& request, const Formats& formats, v1::DomainSpec* spec) {
  if (!formats.put_into_namespace) return Invalid("kind", "is not known");
  if (request.uri().empty()) return Invalid("uri", "is missing");
  const int found = FindElement(*spec, request.uri(), formats);
  if (request.text().empty()) {
    if (found >= 0) spec->mutable_metadata()->DeleteSubrange(found, 1);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> element = formats.put_into_namespace(request.text(), request.key(), request.uri());
  if (!element.ok()) return element.status();
  if (found >= 0) {
    spec->set_metadata(found, *std::move(element));
  } else {
    spec->add_metadata(*std::move(element));
  }
  return absl::OkStatus();
}

void Describe(const v1::SetDomainMetadataRequest& request, v1::Event* event) {
  event->set_type(v1::EVENT_TYPE_METADATA_CHANGED);
  switch (request.kind()) {
    case v1::METADATA_KIND_DESCRIPTION:
      event->set_detail(v1::EVENT_DETAIL_METADATA_DESCRIPTION);
      break;
    case v1::METADATA_KIND_TITLE:
      event->set_detail(v1::EVENT_DETAIL_METADATA_TITLE);
      break;
    default:
      event->set_detail(v1::EVENT_DETAIL_METADATA_ELEMENT);
      v1::EventParameter& uri = *event->add_parameters();
      uri.set_name("uri");
      uri.set_value(request.uri());
  }
}

}  // namespace

absl::StatusOr<v1::DomainMetadata> ManagerImpl::GetDomainMetadata(const Caller& caller,
                                                                  const v1::GetDomainMetadataRequest& request) const {
  absl::StatusOr<EntryPointer> entry = core_->Find(caller, request.name());
  if (!entry.ok()) return WithContext("metadata", entry.status());
  const store::v1::DomainRecord record = RecordOf(**entry);
  const bool live = record.has_running_spec() && !request.config();
  const v1::DomainSpec& spec = live ? record.running_spec() : record.domain().spec();
  v1::DomainMetadata metadata;
  switch (request.kind()) {
    case v1::METADATA_KIND_DESCRIPTION:
      metadata.set_text(spec.description());
      break;
    case v1::METADATA_KIND_TITLE:
      metadata.set_text(spec.title());
      break;
    case v1::METADATA_KIND_ELEMENT: {
      const Formats& formats = core_->options_.formats;
      if (!formats.take_from_namespace) return Invalid("kind", "is not known");
      const int found = FindElement(spec, request.uri(), formats);
      if (found < 0) break;
      absl::StatusOr<std::string> element = formats.take_from_namespace(spec.metadata(found));
      if (!element.ok()) return element.status();
      metadata.set_text(*std::move(element));
      break;
    }
    default:
      return Invalid("kind", "must be DESCRIPTION, TITLE or ELEMENT");
  }
  if (metadata.text().empty()) {
    return Error(v1::REASON_METADATA_NOT_FOUND,
                 absl::StrCat("metadata of ", ResourceName(*(*entry)->key), ": there is none of that kind"));
  }
  return metadata;
}

void ManagerImpl::SetDomainMetadata(const Caller& caller, v1::SetDomainMetadataRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set the metadata of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) -> absl::StatusOr<v1::Domain> {
        Core::Modification modification;
        modification.etag = request.etag();
        modification.live = request.live();
        modification.config = request.config();
        switch (request.kind()) {
          case v1::METADATA_KIND_DESCRIPTION:
            modification.edit = [&request](v1::DomainSpec* spec) {
              spec->set_description(request.text());
              return absl::OkStatus();
            };
            break;
          case v1::METADATA_KIND_TITLE:
            modification.edit = [&request](v1::DomainSpec* spec) {
              spec->set_title(request.text());
              return absl::OkStatus();
            };
            break;
          case v1::METADATA_KIND_ELEMENT:
            modification.edit = [&request, core](v1::DomainSpec* spec) {
              return SetElement(request, core->options_.formats, spec);
            };
            break;
          default:
            return Invalid("kind", "must be DESCRIPTION, TITLE or ELEMENT");
        }
        modification.always = true;
        modification.describe = [&request](v1::Event* event) { Describe(request, event); };
        return core->ModifyJob(context, target, modification);
      });
}

}  // namespace reeve::state
