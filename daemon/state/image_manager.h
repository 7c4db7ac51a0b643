// What is asked of domains whose memory goes into files and comes out of them, and of those that sleep.
#pragma once

#include "absl/status/statusor.h"
#include "daemon/state/caller.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/image_service.pb.h"
#include "reeve/v1/operation.pb.h"
#include "reeve/v1/power_service.pb.h"

namespace reeve::state {

// A part of Manager, and by its rules.
class ImageManager {
 public:
  virtual ~ImageManager() = default;

  // These two open and read a file before they return or answer, which may take the time of a disk.
  virtual absl::StatusOr<v1::SavedImage> GetSavedImage(const Caller& caller, const v1::GetSavedImageRequest& request) = 0;
  virtual void RestoreDomain(const Caller& caller, v1::RestoreDomainRequest request, Done<v1::Operation> done) = 0;

  virtual void SaveDomainToFile(const Caller& caller, v1::SaveDomainToFileRequest request,
                                Done<v1::Operation> done) = 0;
  virtual void DumpDomain(const Caller& caller, v1::DumpDomainRequest request, Done<v1::Operation> done) = 0;
  virtual void RemoveManagedSave(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;

  virtual void SleepDomain(const Caller& caller, v1::SleepDomainRequest request, Done<v1::Domain> done) = 0;
  virtual void WakeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) = 0;
};

}  // namespace reeve::state
