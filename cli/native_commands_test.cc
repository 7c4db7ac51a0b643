// Formats of domains: define and dumpxml in all of them, and virsh's names of conversions, against a daemon of a few
// lines.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "cli/test_folder_user.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using client::FakeDaemon;
using User = FolderUser;

constexpr char kConf[] = "lxc.uts.name = web1\nlxc.rootfs.path = /srv/web1\nlxc.apparmor.profile = x\n";

// Answers, and keeps what it was asked.
struct Seen {
  v1::ConvertRequest convert;
  v1::UpdateDomainRequest update;
  v1::ExportDomainRequest exported;
  bool with_secrets = false;
};

void Answer(FakeDaemon* daemon, Seen* seen) {
  daemon->On<v1::ConvertRequest, v1::ConvertResponse>(
      methods::kConvert, [seen](const v1::ConvertRequest& request, v1::ConvertResponse* response) {
        seen->convert = request;
        response->mutable_document()->set_text("<domain/>\n");
        v1::DocumentFault* warning = response->add_warnings();
        warning->set_line(3);
        warning->set_column(7);
        warning->set_text("is left out");
        return absl::OkStatus();
      });
  daemon->On<v1::UpdateDomainRequest, v1::Domain>(methods::kUpdateDomain,
                                                  [seen](const v1::UpdateDomainRequest& request, v1::Domain* domain) {
                                                    seen->update = request;
                                                    domain->set_name("hypervisors/test/domains/web1");
                                                    return absl::OkStatus();
                                                  });
  const auto exported = [seen](bool with_secrets) {
    return [seen, with_secrets](const v1::ExportDomainRequest& request, v1::Document* document) {
      seen->exported = request;
      seen->with_secrets = with_secrets;
      document->set_format(request.format());
      document->set_text("text");
      return absl::OkStatus();
    };
  };
  daemon->On<v1::ExportDomainRequest, v1::Document>(methods::kExportDomain, exported(false));
  daemon->On<v1::ExportDomainRequest, v1::Document>(methods::kExportDomainWithSecrets, exported(true));
}

TEST_CASE("a native configuration is converted by the daemon") {
  Seen seen;
  FakeDaemon daemon;
  Answer(&daemon, &seen);
  daemon.Start();
  User user(daemon.uri());
  const std::string file = user.Write("config", kConf);
  CHECK(user.Run("domxml-from-native lxc-tools " + file) == kExitOk);
  CHECK(user.out() == "<domain/>\n");
  CHECK(user.error() == absl::StrCat("warning: ", file, ":3:7: is left out\n"));
  CHECK(seen.convert.document().format() == v1::Document::FORMAT_LXC_TOOLS);
  CHECK(seen.convert.document().text() == kConf);
  CHECK(seen.convert.to() == v1::Document::FORMAT_LIBVIRT_XML);
  CHECK(seen.convert.options().lenient());
  CHECK(user.Run("domxml-from-native --strict lxc-tools " + file) == kExitOk);
  CHECK_FALSE(seen.convert.options().lenient());
  CHECK(user.Run("domxml-from-native qemu-argv " + file) == kExitUsage);
  CHECK(user.Run("domxml-from-native lxc-tools /nonexistent") == kExitFailed);
}

TEST_CASE("XML, or a domain's, is converted to a native configuration") {
  Seen seen;
  FakeDaemon daemon;
  Answer(&daemon, &seen);
  daemon.Start();
  User user(daemon.uri());
  const std::string file = user.Write("d.xml", "<domain type='lxc'/>");
  for (const char* way : {"--xml ", ""}) {
    CHECK(user.Run(absl::StrCat("domxml-to-native xen-xl ", way, file)) == kExitOk);
    CHECK(seen.convert.document().text() == "<domain type='lxc'/>");
    CHECK(seen.convert.to() == v1::Document::FORMAT_XEN_XL);
  }
  CHECK(user.Run("domxml-to-native lxc-tools --domain web1") == kExitOk);
  CHECK(seen.exported.name() == "hypervisors/test/domains/web1");
  CHECK(seen.exported.inactive());
  CHECK_FALSE(seen.with_secrets);
  CHECK(seen.convert.document().text() == "text");
  CHECK(user.Run("domxml-to-native xen-xl") == kExitUsage);
  CHECK(user.Run("domxml-to-native xen-xl --domain web1 --xml " + file) == kExitUsage);
}

TEST_CASE("define takes every format, and tells which it took") {
  Seen seen;
  FakeDaemon daemon;
  Answer(&daemon, &seen);
  daemon.Start();
  User user(daemon.uri());
  const std::string conf = user.Write("config", kConf);
  CHECK(user.Run("define " + conf) == kExitOk);
  CHECK(user.out() == absl::StrCat("Domain 'web1' defined from ", conf, " (lxc-tools)\n\n"));
  CHECK(seen.update.document().format() == v1::Document::FORMAT_LXC_TOOLS);
  CHECK(seen.update.document().text() == kConf);
  const std::string xl = user.Write("web.cfg", "name = 'web1'\n");
  CHECK(user.Run("define " + xl) == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("may be xen-xl or xen-xm: say --format"));
  CHECK(user.Run("define --format xen-xl " + xl) == kExitOk);
  CHECK(user.out() == absl::StrCat("Domain 'web1' defined from ", xl, "\n\n"));
  CHECK(seen.update.document().format() == v1::Document::FORMAT_XEN_XL);
  CHECK(user.Run("define --format yaml " + xl) == kExitUsage);
}

TEST_CASE("with --lenient what is not known is left out before the daemon sees it") {
  Seen seen;
  FakeDaemon daemon;
  Answer(&daemon, &seen);
  daemon.Start();
  User user(daemon.uri());
  const std::string conf = user.Write("config", kConf);
  CHECK(user.Run("define --lenient " + conf) == kExitOk);
  CHECK_THAT(user.error(), Catch::StartsWith(absl::StrCat("warning: ", conf, ":3:")));
  CHECK(seen.update.document().format() == v1::Document::FORMAT_JSON);
  CHECK_THAT(seen.update.document().text(), Catch::Contains("/srv/web1"));
  CHECK(user.Run("define --lenient --strict " + conf) == kExitFailed);
}

TEST_CASE("dumpxml writes every format, and secrets only when asked") {
  Seen seen;
  FakeDaemon daemon;
  Answer(&daemon, &seen);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("dumpxml web1") == kExitOk);
  CHECK(seen.exported.format() == v1::Document::FORMAT_LIBVIRT_XML);
  CHECK_FALSE(seen.with_secrets);
  CHECK(user.Run("dumpxml web1 --format xen-sxpr --security-info") == kExitOk);
  CHECK(seen.exported.format() == v1::Document::FORMAT_XEN_SXPR);
  CHECK(seen.with_secrets);
  CHECK(user.Run("dumpxml web1 --format yaml") == kExitUsage);
}

}  // namespace
}  // namespace reeve::cli
