#include "drivers/xen/managed_save.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/saved_image.h"
#include "drivers/xen/host_devices.h"
#include "drivers/xen/memory_writing.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::xen {
namespace {

std::string SaveDirectory(const DriverContext& context) {
  return absl::StrCat(context.state_directory(), "/save");
}

std::string SavedPath(const DriverContext& context, const std::string& uid) {
  return absl::StrCat(SaveDirectory(context), "/", uid);
}

std::string UnfinishedPath(const std::string& path) {
  return absl::StrCat(path, ".unfinished");
}

// Writes head and memory; asks `progress` on the way.
absl::Status WriteGuest(DriverContext& context, const Guest& guest, const util::UniqueFd& file,
                        drivers::Progress* progress) {
  store::v1::ImageHead head;
  head.set_hypervisor("xen");
  head.set_name(guest.key.name);
  head.set_uid(guest.key.uid);
  *head.mutable_spec() = guest.spec;
  *head.mutable_save_time() = util::ToProto(absl::Now());
  if (absl::Status status = drivers::WriteImageHead(file.get(), head); !status.ok()) return status;
  return WriteMemory(context, guest, file.get(), false, progress);
}

// The guest has stopped where only the file failed: it goes on.
void LetGoOn(DriverContext& context, const Guest& guest) {
  const absl::StatusOr<GuestFacts> facts = context.toolstack().Look(guest.domid);
  if (!facts.ok() || !facts->stopped) return;
  if (absl::Status resumed = context.toolstack().Resume(guest.domid); !resumed.ok()) {
    util::LogError("resume ", guest.key.name, " after a failed save: ", resumed.message());
  }
}

}  // namespace

absl::Status SaveManaged(DriverContext& context, const drivers::DomainKey& domain, drivers::Progress* progress) {
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  if (absl::Status status = CheckCanSend(guest); !status.ok()) return status;
  const std::string path = SavedPath(context, guest.key.uid);
  const std::string unfinished = UnfinishedPath(path);
  if (absl::Status status = util::MakeDirectories(SaveDirectory(context), 0700); !status.ok()) return status;
  (void)unlink(unfinished.c_str());  // of a daemon that died
  util::UniqueFd file(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return util::ErrnoStatus(absl::StrCat("make ", unfinished));
  absl::Status status = WriteGuest(context, guest, file, progress);
  if (status.ok() && fsync(file.get()) < 0) status = util::ErrnoStatus(absl::StrCat("fsync ", unfinished));
  if (status.ok() && rename(unfinished.c_str(), path.c_str()) < 0)
    status = util::ErrnoStatus(absl::StrCat("make ", path));
  // The guest's memory is given up below: from here on the name must outlive the host's power.
  if (status.ok()) status = util::SyncDirectory(SaveDirectory(context));
  if (!status.ok()) {
    (void)unlink(path.c_str());  // the guest goes on: what it was must not be started from
    LetGoOn(context, guest);
    (void)unlink(unfinished.c_str());
    return DriverError(status);
  }
  progress->Report("end", 99);
  if (absl::Status destroyed = context.toolstack().Destroy(guest.domid); !destroyed.ok()) {
    util::LogError("destroy ", guest.key.name, " after it was saved: ", destroyed.message());
  }
  ReturnManaged(context, guest);
  guest.console->Close("the guest was saved");
  claim->Drop();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<uint32_t>> RestoreManagedSave(DriverContext& context, const drivers::DomainKey& key,
                                                           DomainConfig* config) {
  const std::string path = SavedPath(context, key.uid);
  util::UniqueFd saved(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!saved) {
    if (errno != ENOENT) return util::ErrnoStatus(absl::StrCat("open ", path));
    return std::nullopt;
  }
  absl::StatusOr<drivers::SavedImage> image = drivers::ReadImageHead(saved.get(), "xen");
  if (!image.ok()) return WithContext(path, image.status());
  absl::StatusOr<uint32_t> domid = context.toolstack().Restore(config, saved.get());
  if (!domid.ok()) return domid.status();
  // Restored memory must not be restored twice, for its disks will have moved on: not after a power cut either.
  absl::Status status = unlink(path.c_str()) < 0 ? util::ErrnoStatus(absl::StrCat("remove ", path)) : absl::OkStatus();
  if (status.ok()) status = util::SyncDirectory(SaveDirectory(context));
  if (status.ok()) return *domid;
  if (absl::Status destroyed = context.toolstack().Destroy(*domid); !destroyed.ok())
    util::LogError("destroy ", key.name, ", which was restored: ", destroyed.message());
  return status;
}

absl::Status RemoveManagedSave(const DriverContext& context, const drivers::DomainKey& key) {
  const std::string path = SavedPath(context, key.uid);
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return util::ErrnoStatus(absl::StrCat("remove ", path));
}

bool HasUnfinishedSave(const DriverContext& context, const drivers::DomainKey& key) {
  const std::string path = SavedPath(context, key.uid);
  return access(UnfinishedPath(path).c_str(), F_OK) == 0 || access(path.c_str(), F_OK) == 0;
}

void GiveUpManagedSave(DriverContext& context, const drivers::DomainKey& key, uint32_t domid) {
  const std::string path = SavedPath(context, key.uid);
  const bool unfinished = unlink(UnfinishedPath(path).c_str()) == 0;
  const bool finished = unlink(path.c_str()) == 0;
  if (!unfinished && !finished) return;  // another toolstack saves it
  absl::Status status = context.toolstack().Resume(domid);
  if (!status.ok()) util::LogError("resume ", key.name, " after a save that was cut off: ", status.message());
}

}  // namespace reeve::xen
