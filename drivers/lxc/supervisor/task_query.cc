// What a guest is asked, and its init.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>

#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/task_child.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumText = 32 * 1024;
constexpr int kMaximumEntries = 2048;

// Where the init of System V listens; what it reads is in its source only: 384 bytes.
constexpr const char* kInitFifos[] = {"/run/initctl", "/dev/initctl", "/etc/.initctl"};
constexpr int32_t kInitMagic = 0x03091969;
constexpr int32_t kInitRunlevel = 1;
struct InitRequest {
  int32_t magic;
  int32_t command;
  int32_t runlevel;
  int32_t sleep_time;
  char data[368];
};
static_assert(sizeof(InitRequest) == 384);

void ReportText(std::string text) {
  TaskReport report;
  report.kind = TaskReportKind::kText;
  report.text = std::move(text);
  ReportTask(std::move(report));
}

// One dump of the kernel's tables; `handle` gets every message. False: errno.
template <typename Handle>
bool Dump(int netlink, uint16_t type, Handle handle) {
  struct {
    nlmsghdr header;
    rtgenmsg body;
  } request = {};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.rtgen_family = AF_UNSPEC;
  if (send(netlink, &request, request.header.nlmsg_len, 0) < 0) return false;
  alignas(nlmsghdr) static char buffer[32 * 1024];
  for (;;) {
    const ssize_t got = recv(netlink, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    size_t left = static_cast<size_t>(got);
    for (const nlmsghdr* message = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return true;
      if (message->nlmsg_type == NLMSG_ERROR) {
        errno = -static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
        return false;
      }
      handle(message);
    }
  }
}

// "L index up mac name".
std::string LinkLine(const nlmsghdr* message) {
  const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
  std::string name;
  std::string mac = "-";
  int left = static_cast<int>(IFLA_PAYLOAD(message));
  for (const rtattr* attribute = IFLA_RTA(body); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const unsigned char*>(RTA_DATA(attribute));
    if (attribute->rta_type == IFLA_IFNAME) name = reinterpret_cast<const char*>(data);
    if (attribute->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(attribute) == 6 && (body->ifi_flags & IFF_LOOPBACK) == 0) {
      char text[18];
      snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", data[0], data[1], data[2], data[3], data[4],
               data[5]);
      mac = text;
    }
  }
  return "L " + std::to_string(body->ifi_index) + ((body->ifi_flags & IFF_UP) != 0 ? " 1 " : " 0 ") + mac + " " + name +
         "\n";
}

// "A index address/prefix".
std::string AddressLine(const nlmsghdr* message) {
  const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(message));
  char text[INET6_ADDRSTRLEN] = "";
  int left = static_cast<int>(IFA_PAYLOAD(message));
  for (const rtattr* attribute = IFA_RTA(body); RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    // Of a point-to-point interface IFA_ADDRESS is the other end.
    const bool wanted = attribute->rta_type == IFA_LOCAL || (attribute->rta_type == IFA_ADDRESS && text[0] == '\0');
    if (wanted) (void)inet_ntop(body->ifa_family, RTA_DATA(attribute), text, sizeof text);
  }
  if (text[0] == '\0') return "";
  return "A " + std::to_string(body->ifa_index) + " " + text + "/" + std::to_string(body->ifa_prefixlen) + "\n";
}

}  // namespace

bool TellHostname(const TaskContext&) {
  utsname names = {};
  if (uname(&names) < 0) return FailTask("read the host name", errno);
  ReportText(std::string(names.nodename, strnlen(names.nodename, sizeof names.nodename)));
  ReportEnd();
  return true;
}

bool TellAddresses(const TaskContext&) {
  const util::UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!netlink) return FailTask("open a netlink socket", errno);
  std::string text;
  int entries = 0;
  const auto add = [&](std::string line) {
    if (line.empty() || ++entries > kMaximumEntries) return;
    if (text.size() + line.size() > kMaximumText) {
      ReportText(std::move(text));
      text.clear();
    }
    text += line;
  };
  const bool read = Dump(netlink.get(), RTM_GETLINK,
                         [&](const nlmsghdr* message) {
                           if (message->nlmsg_type == RTM_NEWLINK) add(LinkLine(message));
                         }) &&
                    Dump(netlink.get(), RTM_GETADDR, [&](const nlmsghdr* message) {
                      if (message->nlmsg_type == RTM_NEWADDR) add(AddressLine(message));
                    });
  if (!read) return FailTask("list the addresses", errno);
  ReportText(std::move(text));
  ReportEnd();
  return true;
}

void NoteHostInits(std::vector<uint64_t>* inits) {
  for (const char* path : kInitFifos) {
    struct stat status = {};
    if (stat(path, &status) < 0) continue;
    inits->push_back(status.st_dev);
    inits->push_back(status.st_ino);
  }
}

bool AskInit(const TaskContext& context) {
  const util::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const char* path : kInitFifos) {
    // Looked at before it is opened: it may be anything, a device of the host too.
    const util::UniqueFd place = OpenInRoot(root.get(), path, O_PATH | O_CLOEXEC);
    struct stat status = {};
    if (!place || fstat(place.get(), &status) < 0 || !S_ISFIFO(status.st_mode)) continue;
    bool is_hosts = false;
    for (size_t i = 0; i + 1 < context.host_inits.size(); i += 2) {
      is_hosts = is_hosts || (context.host_inits[i] == status.st_dev && context.host_inits[i + 1] == status.st_ino);
    }
    if (is_hosts) continue;
    // A FIFO that nobody reads is as good as none (ENXIO).
    const util::UniqueFd fifo(
        openat(kTaskSelf, std::to_string(place.get()).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fifo) continue;
    InitRequest request = {};
    request.magic = kInitMagic;
    request.command = kInitRunlevel;
    request.runlevel = static_cast<int32_t>(context.request->number);
    if (write(fifo.get(), &request, sizeof request) != sizeof request) return FailTask(path, errno);
    ReportEnd();
    return true;
  }
  return FailTask("there is no initctl that an init reads", ENOENT);
}

}  // namespace reeve::lxc
