#include "drivers/xen/managed_save.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/xen/saved_guest.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"
#include "util/log.h"

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
  if (absl::Status status = WriteSavedHead(file, guest.spec); !status.ok()) return status;
  const uint64_t expected = std::max<uint64_t>(guest.spec.memory_kib() * 1024, 1);
  return context.toolstack().Save(guest.domid, file.get(), false, [&] {
    struct stat facts {};
    if (fstat(file.get(), &facts) == 0) {
      const uint64_t percent = static_cast<uint64_t>(facts.st_size) * 100 / expected;
      progress->Report("memory", static_cast<uint32_t>(std::min<uint64_t>(percent, 99)));
    }
    return progress->Cancelled();
  });
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
  if (!status.ok()) {
    LetGoOn(context, guest);
    (void)unlink(unfinished.c_str());
    if (status.code() == absl::StatusCode::kCancelled) return WithReason(v1::REASON_OPERATION_CANCELLED, status);
    return DriverError(status);
  }
  progress->Report("end", 99);
  if (absl::Status destroyed = context.toolstack().Destroy(guest.domid); !destroyed.ok()) {
    util::LogError("destroy ", guest.key.name, " after it was saved: ", destroyed.message());
  }
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
  absl::StatusOr<v1::DomainSpec> spec = ReadSavedHead(saved);
  if (!spec.ok()) return WithContext(path, spec.status());
  absl::StatusOr<uint32_t> domid = context.toolstack().Restore(config, saved.get());
  if (!domid.ok()) return domid.status();
  // Restored memory must not be restored twice: its disks have moved on.
  if (unlink(path.c_str()) < 0) util::LogError("remove ", path, ": ", strerror(errno));
  return *domid;
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
