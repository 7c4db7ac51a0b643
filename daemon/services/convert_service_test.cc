// Conversions and checks of documents over the API.
#include "daemon/services/convert_service.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "daemon/services/testing/harness.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using testing::CallRaw;
using testing::CallUnary;
using testing::Connect;
using testing::Harness;

constexpr char kDomain[] =
    "<domain type='lxc'><name>web1</name><memory>65536</memory><os><type>exe</type><init>/sbin/init</init></os>"
    "<devices><interface type='bridge'><source bridge='br0'/></interface></devices></domain>";

v1::ConvertRequest Request(const std::string& text) {
  v1::ConvertRequest request;
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  request.mutable_document()->set_text(text);
  request.set_to(v1::Document::FORMAT_LIBVIRT_XML);
  return request;
}

TEST_CASE("a document comes back in another format, with what it lacked") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::ConvertRequest request = Request(kDomain);
  request.set_to(v1::Document::FORMAT_JSON);
  request.mutable_options()->set_deterministic(true);
  const auto first = CallUnary(channel.get(), methods::kConvert, request);
  REQUIRE(first.ok());
  CHECK(first->document().format() == v1::Document::FORMAT_JSON);
  CHECK(absl::StrContains(first->document().text(), "\"macAddress\": \"52:54:00:"));
  CHECK(CallUnary(channel.get(), methods::kConvert, request)->document().text() == first->document().text());
  request.mutable_options()->set_deterministic(false);
  CHECK(CallUnary(channel.get(), methods::kConvert, request)->document().text() != first->document().text());
}

TEST_CASE("what is not known is refused with every place, or left out with a warning") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::ConvertRequest request = Request("<network><name>n</name>\n<colour/>\n<size/></network>");
  request.set_kind(v1::DOCUMENT_KIND_NETWORK);
  const absl::Status refused = CallUnary(channel.get(), methods::kConvert, request).status();
  CHECK(ReasonOf(refused) == v1::REASON_DOCUMENT_UNKNOWN);
  const auto violations = FieldViolationsOf(refused);
  REQUIRE(violations.size() == 2);
  CHECK(violations[1].first == "line 3 column 1");
  request.mutable_options()->set_lenient(true);
  const auto lenient = CallUnary(channel.get(), methods::kConvert, request);
  REQUIRE(lenient.ok());
  REQUIRE(lenient->warnings_size() == 2);
  CHECK(lenient->warnings(0).line() == 2);
  CHECK(lenient->warnings(0).text() == "element /network/colour is not known and is left out");
}

TEST_CASE("a check tells all faults, and that there are some is no error") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::ValidateRequest request;
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  request.mutable_document()->set_text("<domain type='lxc' id='7'>\n<a/>\n<memory>x</memory></domain>");
  const auto faulty = CallUnary(channel.get(), methods::kValidate, request);
  REQUIRE(faulty.ok());
  CHECK(faulty->faults_size() >= 3);  // <a>, <memory> and the missing name
  CHECK(faulty->faults(0).line() == 1);
  request.mutable_document()->set_text(kDomain);
  CHECK(CallUnary(channel.get(), methods::kValidate, request)->faults().empty());
  request.set_kind(v1::DOCUMENT_KIND_NETWORK);
  request.mutable_document()->set_format(v1::Document::FORMAT_LXC_TOOLS);
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kValidate, request).status()) == v1::REASON_SPEC_UNSUPPORTED);
}

TEST_CASE("requests that are wrong are refused, and all of them on a read-only connection before they are read") {
  Harness harness;
  const auto channel = Connect(harness.path());
  const auto reason = [&](const v1::ConvertRequest& request) {
    return ReasonOf(CallUnary(channel.get(), methods::kConvert, request).status());
  };
  v1::ConvertRequest request = Request(kDomain);
  request.set_kind(static_cast<v1::DocumentKind>(77));
  CHECK(reason(request) == v1::REASON_REQUEST_INVALID);
  request = Request(kDomain);
  request.clear_to();
  CHECK(reason(request) == v1::REASON_REQUEST_INVALID);
  request = Request(kDomain);
  request.mutable_document()->clear_format();
  CHECK(reason(request) == v1::REASON_REQUEST_INVALID);
  request = Request(kDomain);
  request.mutable_options()->set_pool_xml("<pool/>");
  CHECK(reason(request) == v1::REASON_REQUEST_INVALID);
  CHECK(reason(Request(std::string((1 << 20) + 1, ' '))) == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(reason(Request("<domain")) == v1::REASON_DOCUMENT_MALFORMED);
  request = Request("<secret private='yes'/>");
  request.set_kind(v1::DOCUMENT_KIND_SECRET);
  request.set_to(v1::Document::FORMAT_XEN_XL);
  CHECK(reason(request) == v1::REASON_SPEC_UNSUPPORTED);

  const auto read_only = Connect(harness.read_only_path());
  for (const char* path : {methods::kConvert.path, methods::kValidate.path}) {
    CHECK(ReasonOf(CallRaw(read_only.get(), path, "\xff no message").status()) == v1::REASON_CONNECTION_READ_ONLY);
  }
}

}  // namespace
}  // namespace reeve::services
