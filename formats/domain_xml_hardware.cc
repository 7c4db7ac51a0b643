// Controllers and the devices that have few fields.
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Controller = v1::Controller;
using Input = v1::Input;
using Tpm = v1::TrustedPlatformModule;
using Sound = v1::Sound;
using Audio = v1::Audio;
using Video = v1::Video;
using Watchdog = v1::Watchdog;
using Balloon = v1::MemoryBalloon;
using Panic = v1::Panic;
using Hub = v1::Hub;

template <typename T>
constexpr XmlElementRule<T> kAlias = {"alias", XmlCount::kOnce, ElementAlias<&T::mutable_alias, T>};
template <typename T>
constexpr XmlElementRule<T> kAddress = {"address", XmlCount::kOnce, ReadDeviceAddress<T>};

constexpr XmlAttributeRule<Controller> kControllerAttributes[] = {
    {"type", AttributeWord<&Controller::mutable_type, kControllerTypes>},
    {"index", AttributeNumber<&Controller::set_index>},
    {"model", AttributeText<&Controller::mutable_model>},
    {"ports", AttributeNumber<&Controller::set_ports>},
    {"vectors", AttributeNumber<&Controller::set_vectors>},
    {"maxGrantFrames", AttributeNumber<&Controller::set_maximum_grant_frames>},
    {"maxEventChannels", AttributeNumber<&Controller::set_maximum_event_channels>},
};
constexpr XmlAttributeRule<Controller> kMaster[] = {
    {"startport", AttributeNumber<&Controller::set_master_start_port>},
};
constexpr XmlAttributeRule<Controller> kControllerDriver[] = {
    {"queues", AttributeNumber<&Controller::set_driver_queues>},
};
constexpr XmlElementRule<Controller> kControllerElements[] = {
    {"driver", XmlCount::kOnce, ElementAttributes<kControllerDriver, Controller>},
    {"master", XmlCount::kOnce, ElementAttributes<kMaster, Controller>},
    kAlias<Controller>,
    kAddress<Controller>,
};

constexpr XmlAttributeRule<Input> kInputAttributes[] = {
    {"type", AttributeWord<&Input::mutable_type, kInputTypes>},
    {"bus", AttributeWord<&Input::mutable_bus, kInputBuses>},
    {"model", AttributeText<&Input::mutable_model>},
};
constexpr XmlAttributeRule<Input> kInputSource[] = {
    {"evdev", AttributeText<&Input::mutable_source_event_device>},
};
constexpr XmlElementRule<Input> kInputElements[] = {
    {"source", XmlCount::kOnce, ElementAttributes<kInputSource, Input>},
    kAlias<Input>,
    kAddress<Input>,
};

constexpr XmlAttributeRule<Tpm> kTpmAttributes[] = {{"model", AttributeWord<&Tpm::mutable_model, kTpmModels>}};
constexpr XmlAttributeRule<Tpm> kTpmBackendAttributes[] = {
    {"type", AttributeWord<&Tpm::mutable_backend_type, kTpmBackends>},
    {"version", AttributeWord<&Tpm::mutable_version, kTpmVersions>},
};
constexpr XmlAttributeRule<Tpm> kTpmDevice[] = {{"path", AttributeText<&Tpm::mutable_device_path>}};
constexpr XmlElementRule<Tpm> kTpmBackendElements[] = {
    {"device", XmlCount::kOnce, ElementAttributes<kTpmDevice, Tpm>},
};
constexpr XmlElementRule<Tpm> kTpmElements[] = {
    {"backend", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Tpm* tpm) {
       ReadXml<Tpm>(reader, element, {.attributes = kTpmBackendAttributes, .elements = kTpmBackendElements}, tpm);
     }},
    kAlias<Tpm>,
};

constexpr XmlAttributeRule<Sound> kSoundAttributes[] = {{"model", AttributeWord<&Sound::mutable_model, kSoundModels>}};
constexpr XmlAttributeRule<Sound> kCodecAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Sound* sound) {
       if (reader->OneOf(value, kSoundCodecs)) sound->add_codecs(std::string(value.text));
     }},
};
constexpr XmlElementRule<Sound> kSoundElements[] = {
    {"codec", XmlCount::kRepeated, ElementAttributes<kCodecAttributes, Sound>},
    kAlias<Sound>,
    kAddress<Sound>,
};

constexpr XmlAttributeRule<Audio> kAudioAttributes[] = {
    {"id", AttributeNumber<&Audio::set_id>},
    {"type", AttributeWord<&Audio::mutable_type, kAudioTypes>},
};

constexpr XmlAttributeRule<Video> kModelAttributes[] = {
    {"type", AttributeWord<&Video::mutable_model, kVideoModels>},
    {"ram", AttributeNumber<&Video::set_ram_kib>},
    {"vram", AttributeNumber<&Video::set_vram_kib>},
    {"vram64", AttributeNumber<&Video::set_vram64_kib>},
    {"vgamem", AttributeNumber<&Video::set_vgamem_kib>},
    {"heads", AttributeNumber<&Video::set_heads>},
    {"primary", AttributeYesNo<&Video::set_primary>},
};
constexpr XmlAttributeRule<Video> kAccelerationAttributes[] = {
    {"accel2d", AttributeYesNo<&Video::set_accel_2d>},
    {"accel3d", AttributeYesNo<&Video::set_accel_3d>},
};
constexpr XmlElementRule<Video> kModelElements[] = {
    {"acceleration", XmlCount::kOnce, ElementAttributes<kAccelerationAttributes, Video>},
};
constexpr XmlElementRule<Video> kVideoElements[] = {
    {"model", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Video* video) {
       ReadXml<Video>(reader, element, {.attributes = kModelAttributes, .elements = kModelElements}, video);
     }},
    kAlias<Video>,
    kAddress<Video>,
};

constexpr XmlAttributeRule<Watchdog> kWatchdogAttributes[] = {
    {"model", AttributeWord<&Watchdog::mutable_model, kWatchdogModels>},
    {"action", AttributeWord<&Watchdog::mutable_action, kWatchdogActions>},
};
constexpr XmlElementRule<Watchdog> kWatchdogElements[] = {kAlias<Watchdog>, kAddress<Watchdog>};

constexpr XmlAttributeRule<Balloon> kBalloonAttributes[] = {
    {"model", AttributeWord<&Balloon::mutable_model, kBalloonModels>},
    {"autodeflate", AttributeOnOff<&Balloon::set_auto_deflate>},
    {"freePageReporting", AttributeOnOff<&Balloon::set_free_page_reporting>},
};
constexpr XmlAttributeRule<Balloon> kStatsAttributes[] = {
    {"period", AttributeNumber<&Balloon::set_stats_period_seconds>},
};
constexpr XmlElementRule<Balloon> kBalloonElements[] = {
    {"stats", XmlCount::kOnce, ElementAttributes<kStatsAttributes, Balloon>},
    kAlias<Balloon>,
    kAddress<Balloon>,
};

constexpr XmlAttributeRule<Panic> kPanicAttributes[] = {{"model", AttributeWord<&Panic::mutable_model, kPanicModels>}};
constexpr XmlElementRule<Panic> kPanicElements[] = {kAddress<Panic>};
constexpr XmlAttributeRule<Hub> kHubAttributes[] = {{"type", AttributeWord<&Hub::mutable_type, kUsb>}};
constexpr XmlElementRule<Hub> kHubElements[] = {kAddress<Hub>};

void Require(XmlReader* reader, pugi::xml_node element, const char* attribute) {
  if (!element.attribute(attribute)) reader->Invalid(element, absl::StrCat("has no attribute ", attribute));
}

template <typename T>
void WritePlace(XmlWriter* writer, const T& device) {
  if constexpr (requires { device.alias(); }) WriteAlias(writer, device.alias());
  if constexpr (requires { device.address(); }) {
    if (device.has_address()) WriteBusAddress(writer, device.address());
  }
}

void WriteController(XmlWriter* writer, const Controller& controller, uint32_t place) {
  writer->Begin("controller")
      .Attribute("type", controller.type())
      .Attribute("index", controller.has_index() ? controller.index() : place)
      .OptionalAttribute("model", controller.model());
  if (controller.has_ports()) writer->Attribute("ports", controller.ports());
  if (controller.has_vectors()) writer->Attribute("vectors", controller.vectors());
  if (controller.has_maximum_grant_frames()) writer->Attribute("maxGrantFrames", controller.maximum_grant_frames());
  if (controller.has_maximum_event_channels()) {
    writer->Attribute("maxEventChannels", controller.maximum_event_channels());
  }
  if (controller.has_driver_queues()) writer->Begin("driver").Attribute("queues", controller.driver_queues()).End();
  WriteAlias(writer, controller.alias());
  if (controller.has_master_start_port()) {
    writer->Begin("master").Attribute("startport", controller.master_start_port()).End();
  }
  if (controller.has_address()) WriteBusAddress(writer, controller.address());
  writer->End();
}

void WriteVideo(XmlWriter* writer, const Video& video, bool first) {
  writer->Begin("video");
  writer->Begin("model").Attribute("type", video.model());
  if (video.has_ram_kib()) writer->Attribute("ram", video.ram_kib());
  if (video.has_vram_kib()) writer->Attribute("vram", video.vram_kib());
  if (video.has_vram64_kib()) writer->Attribute("vram64", video.vram64_kib());
  if (video.has_vgamem_kib()) writer->Attribute("vgamem", video.vgamem_kib());
  if (video.has_heads()) writer->Attribute("heads", video.heads());
  if (video.has_primary() ? video.primary() : first) writer->Attribute("primary", "yes");
  if (video.has_accel_2d() || video.has_accel_3d()) {
    writer->Begin("acceleration");
    if (video.has_accel_2d()) writer->Attribute("accel2d", video.accel_2d() ? "yes" : "no");
    if (video.has_accel_3d()) writer->Attribute("accel3d", video.accel_3d() ? "yes" : "no");
    writer->End();
  }
  writer->End();
  WritePlace(writer, video);
  writer->End();
}

}  // namespace

void ReadController(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "type");
  ReadXml<Controller>(reader, element, {.attributes = kControllerAttributes, .elements = kControllerElements},
                      devices->add_controllers());
}

void ReadInput(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "type");
  ReadXml<Input>(reader, element, {.attributes = kInputAttributes, .elements = kInputElements}, devices->add_inputs());
}

void ReadTpm(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  if (!element.child("backend")) reader->Invalid(element, "has no element backend");
  ReadXml<Tpm>(reader, element, {.attributes = kTpmAttributes, .elements = kTpmElements}, devices->add_tpms());
}

void ReadSound(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "model");
  ReadXml<Sound>(reader, element, {.attributes = kSoundAttributes, .elements = kSoundElements}, devices->add_sounds());
}

void ReadAudio(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "id");
  Require(reader, element, "type");
  ReadXml<Audio>(reader, element, {.attributes = kAudioAttributes}, devices->add_audios());
}

void ReadVideo(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  ReadXml<Video>(reader, element, {.elements = kVideoElements}, devices->add_videos());
}

void ReadWatchdog(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "model");
  ReadXml<Watchdog>(reader, element, {.attributes = kWatchdogAttributes, .elements = kWatchdogElements},
                    devices->add_watchdogs());
}

void ReadMemoryBalloon(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "model");
  ReadXml<Balloon>(reader, element, {.attributes = kBalloonAttributes, .elements = kBalloonElements},
                   devices->mutable_memory_balloon());
}

void ReadPanic(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  ReadXml<Panic>(reader, element, {.attributes = kPanicAttributes, .elements = kPanicElements}, devices->add_panics());
}

void ReadHub(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Require(reader, element, "type");
  ReadXml<Hub>(reader, element, {.attributes = kHubAttributes, .elements = kHubElements}, devices->add_hubs());
}

void WriteControllers(XmlWriter* writer, const v1::Devices& devices) {
  for (int i = 0; i < devices.controllers_size(); ++i) {
    uint32_t place = 0;
    for (int j = 0; j < i; ++j) place += devices.controllers(j).type() == devices.controllers(i).type() ? 1 : 0;
    WriteController(writer, devices.controllers(i), place);
  }
}

void WriteInputs(XmlWriter* writer, const v1::Devices& devices) {
  for (const Input& input : devices.inputs()) {
    writer->Begin("input")
        .Attribute("type", input.type())
        .OptionalAttribute("bus", input.bus())
        .OptionalAttribute("model", input.model());
    if (!input.source_event_device().empty()) {
      writer->Begin("source").Attribute("evdev", input.source_event_device()).End();
    }
    WritePlace(writer, input);
    writer->End();
  }
  for (const Tpm& tpm : devices.tpms()) {
    writer->Begin("tpm").OptionalAttribute("model", tpm.model());
    writer->Begin("backend").Attribute("type", tpm.backend_type()).OptionalAttribute("version", tpm.version());
    if (!tpm.device_path().empty()) writer->Begin("device").Attribute("path", tpm.device_path()).End();
    writer->End();
    WritePlace(writer, tpm);
    writer->End();
  }
}

void WriteSoundsAndVideos(XmlWriter* writer, const v1::Devices& devices) {
  for (const Sound& sound : devices.sounds()) {
    writer->Begin("sound").Attribute("model", sound.model());
    for (const std::string& codec : sound.codecs()) writer->Begin("codec").Attribute("type", codec).End();
    WritePlace(writer, sound);
    writer->End();
  }
  for (const Audio& audio : devices.audios()) {
    writer->Begin("audio").Attribute("id", audio.id()).Attribute("type", audio.type()).End();
  }
  for (int i = 0; i < devices.videos_size(); ++i) WriteVideo(writer, devices.videos(i), i == 0);
}

void WriteWatchdogsAndBalloon(XmlWriter* writer, const v1::Devices& devices) {
  for (const Hub& hub : devices.hubs()) {
    writer->Begin("hub").Attribute("type", hub.type());
    WritePlace(writer, hub);
    writer->End();
  }
  for (const Watchdog& watchdog : devices.watchdogs()) {
    writer->Begin("watchdog")
        .Attribute("model", watchdog.model())
        .Attribute("action", watchdog.action().empty() ? "reset" : watchdog.action());
    WritePlace(writer, watchdog);
    writer->End();
  }
  if (!devices.has_memory_balloon()) return;
  const Balloon& balloon = devices.memory_balloon();
  writer->Begin("memballoon").Attribute("model", balloon.model());
  if (balloon.has_auto_deflate()) writer->Attribute("autodeflate", balloon.auto_deflate() ? "on" : "off");
  if (balloon.has_free_page_reporting()) {
    writer->Attribute("freePageReporting", balloon.free_page_reporting() ? "on" : "off");
  }
  if (balloon.has_stats_period_seconds()) {
    writer->Begin("stats").Attribute("period", balloon.stats_period_seconds()).End();
  }
  WritePlace(writer, balloon);
  writer->End();
}

void WritePanics(XmlWriter* writer, const v1::Devices& devices) {
  for (const Panic& panic : devices.panics()) {
    writer->Begin("panic").OptionalAttribute("model", panic.model());
    WritePlace(writer, panic);
    writer->End();
  }
}

}  // namespace reeve::formats
