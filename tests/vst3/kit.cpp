// A small VST3 instrument (and effect) for the tests: what it does is in the name of its bundle, so that one build, copied,
// is a whole collection of well and badly behaved plugins. The interfaces are written out from Steinberg's documentation of
// the binary interface (https://steinbergmedia.github.io/vst3_dev_portal), as far as a host needs them.
//
//   Kit            every note on is one sample: velocity / 127, in both channels, at its offset; then half of that for 100 ms
//   Late Kit       the same 480 samples late, and says so
//   Gain           an effect: the sound at half its level
//   Late Gain      the same 480 samples late, and says so
//   Mono ..., Stereo ...   in one or two channels only
//   Two Kits       a file with "Kit A" and "Kit B"
//   Loading Kit    silent for its first 40 blocks
//   Crashing, Hanging, Greedy, Broken, Silent, Exiting, Stubborn Kit: see `process` and `GetPluginFactory`

#include <dlfcn.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Result = int32_t;
constexpr Result kOk = 0, kFalse = 1, kNo = -1, kNotImplemented = 3;
using Uid = char[16];

struct Id {
  uint32_t a, b, c, d;
  bool is(const char* raw) const {
    const uint32_t words[4] = {a, b, c, d};
    for (int i = 0; i < 16; ++i)
      if (static_cast<uint8_t>(raw[i]) != ((words[i / 4] >> (24 - 8 * (i % 4))) & 0xff)) return false;
    return true;
  }
  void to(char* raw) const {
    const uint32_t words[4] = {a, b, c, d};
    for (int i = 0; i < 16; ++i) raw[i] = static_cast<char>((words[i / 4] >> (24 - 8 * (i % 4))) & 0xff);
  }
};

constexpr Id kUnknown{0x00000000, 0x00000000, 0xC0000000, 0x00000046};
constexpr Id kBase{0x22888DDB, 0x156E45AE, 0x8358B348, 0x08190625};
constexpr Id kFactory{0x7A4D811C, 0x52114A1F, 0xAED9D2EE, 0x0B43BF9F};
constexpr Id kFactory2{0x0007B650, 0xF24B4C0B, 0xA464EDB9, 0xF00B2ABB};
constexpr Id kComponent{0xE831FF31, 0xF2D54301, 0x928EBBEE, 0x25697802};
constexpr Id kProcessor{0x42043F99, 0xB7DA453C, 0xA569E79D, 0x9AAEC33D};
constexpr Id kController{0xDCD7BBE3, 0x7742448D, 0xA874AACC, 0x979C759E};

struct BusInfo { int32_t media, direction, channels; char16_t name[128]; int32_t type; uint32_t flags; };
struct Routing { int32_t media, bus, channel; };
struct Setup { int32_t mode, size, maximum; double rate; };
struct Buffers { int32_t channels; uint64_t silence; float** samples; };
struct NoteOn { int16_t channel, pitch; float tuning, velocity; int32_t length, id; };
struct Event { int32_t bus, offset; double quarter; uint16_t flags, type; union alignas(8) { NoteOn on; char room[32]; }; };
struct ParameterInfo {
  uint32_t id; char16_t title[128], shortTitle[128], units[128]; int32_t steps; double normal; int32_t unit, flags;
};
struct FactoryInfo { char vendor[64], url[256], email[128]; int32_t flags; };
struct ClassInfo { Uid cid; int32_t many; char category[32], name[64]; };
struct ClassInfo2 {
  Uid cid; int32_t many; char category[32], name[64]; uint32_t flags; char kinds[128], vendor[64], version[64], sdk[64];
};

struct Unknown {
  virtual Result queryInterface(const char* iid, void** out) = 0;
  virtual uint32_t addRef() = 0;
  virtual uint32_t release() = 0;
};
struct Stream : Unknown {
  virtual Result read(void*, int32_t, int32_t*) = 0;
  virtual Result write(void*, int32_t, int32_t*) = 0;
};
struct Events : Unknown {
  virtual int32_t count() = 0;
  virtual Result get(int32_t, Event&) = 0;
};
struct Queue : Unknown {
  virtual uint32_t id() = 0;
  virtual int32_t count() = 0;
  virtual Result point(int32_t, int32_t&, double&) = 0;
};
struct Changes : Unknown {
  virtual int32_t count() = 0;
  virtual Queue* at(int32_t) = 0;
};
struct Process {
  int32_t mode, size, samples, inputs, outputs;
  Buffers *in, *out;
  Changes *inChanges, *outChanges;
  Events *inEvents, *outEvents;
  void* context;
};

struct Base : Unknown {
  virtual Result initialize(Unknown*) { return kOk; }
  virtual Result terminate() { return kOk; }
};
struct Component : Base {
  virtual Result getControllerClassId(char*) { return kNotImplemented; }
  virtual Result setIoMode(int32_t) { return kNotImplemented; }
  virtual int32_t getBusCount(int32_t media, int32_t direction) = 0;
  virtual Result getBusInfo(int32_t media, int32_t direction, int32_t index, BusInfo&) = 0;
  virtual Result getRoutingInfo(Routing&, Routing&) { return kNotImplemented; }
  virtual Result activateBus(int32_t, int32_t, int32_t, uint8_t) { return kOk; }
  virtual Result setActive(uint8_t) { return kOk; }
  virtual Result setState(Stream*) = 0;
  virtual Result getState(Stream*) = 0;
};
struct Processor : Unknown {
  virtual Result setBusArrangements(uint64_t*, int32_t, uint64_t*, int32_t) = 0;
  virtual Result getBusArrangement(int32_t, int32_t, uint64_t&) = 0;
  virtual Result canProcessSampleSize(int32_t size) { return size == 0 ? kOk : kFalse; }
  virtual uint32_t getLatencySamples() = 0;
  virtual Result setupProcessing(Setup&) = 0;
  virtual Result setProcessing(uint8_t) { return kOk; }
  virtual Result process(Process&) = 0;
  virtual uint32_t getTailSamples() { return 0; }
};
struct Controller : Base {
  virtual Result setComponentState(Stream*) = 0;
  virtual Result setState(Stream*) { return kOk; }
  virtual Result getState(Stream*) { return kOk; }
  virtual int32_t getParameterCount() { return 1; }
  virtual Result getParameterInfo(int32_t, ParameterInfo&) = 0;
  virtual Result getParamStringByValue(uint32_t, double, char16_t*) = 0;
  virtual Result getParamValueByString(uint32_t, char16_t*, double&) { return kNotImplemented; }
  virtual double normalizedParamToPlain(uint32_t, double value) { return value; }
  virtual double plainParamToNormalized(uint32_t, double value) { return value; }
  virtual double getParamNormalized(uint32_t) = 0;
  virtual Result setParamNormalized(uint32_t, double) = 0;
  virtual Result setComponentHandler(Unknown*) { return kOk; }
  virtual Unknown* createView(const char*) { return nullptr; }
};

void wide(char16_t* to, const std::string& text) {
  size_t i = 0;
  for (; i < text.size() && i < 127; ++i) to[i] = static_cast<char16_t>(text[i]);
  to[i] = 0;
}

void narrow(char* to, size_t room, const std::string& text) {
  std::strncpy(to, text.c_str(), room - 1);
  to[room - 1] = 0;
}

// The name of the bundle: .../NAME.vst3/Contents/x86_64-linux/NAME.so
std::string bundle() {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(&bundle), &info);
  std::string path = info.dli_fname ? info.dli_fname : "";
  path = path.substr(path.rfind('/') + 1);
  return path.substr(0, path.rfind(".so"));
}

bool has(const std::string& word) { return bundle().find(word) != std::string::npos; }
bool effect() { return has("Gain"); }
uint32_t late() { return has("Late") ? 480 : 0; }

class Plugin final : public Component, public Processor, public Controller {
 public:
  Result queryInterface(const char* iid, void** out) override {
    *out = nullptr;
    if (kUnknown.is(iid) || kBase.is(iid) || kComponent.is(iid)) *out = static_cast<Component*>(this);
    if (kProcessor.is(iid)) *out = static_cast<Processor*>(this);
    if (kController.is(iid)) *out = static_cast<Controller*>(this);
    if (*out) addRef();
    return *out ? kOk : kNo;
  }
  uint32_t addRef() override { return ++references_; }
  uint32_t release() override {
    const uint32_t left = --references_;
    if (left == 0) delete this;
    return left;
  }
  Result initialize(Unknown*) override { return kOk; }
  Result terminate() override { return kOk; }

  int32_t getBusCount(int32_t media, int32_t direction) override {
    if (media == 0) return direction == 1 || effect() ? 1 : 0;
    return direction == 0 && !effect() ? 1 : 0;
  }
  Result getBusInfo(int32_t media, int32_t direction, int32_t, BusInfo& info) override {
    info = BusInfo{media, direction, media == 0 ? channels_ : 16, {}, 0, 1};
    wide(info.name, media == 0 ? "Audio" : "Notes");
    return kOk;
  }
  Result setState(Stream* stream) override {
    int32_t got = 0;
    double level = 1;
    if (stream->read(&level, sizeof level, &got) != kOk || got != sizeof level) return kNo;
    level_ = level;
    return kOk;
  }
  Result getState(Stream* stream) override {
    int32_t put = 0;
    return stream->write(&level_, sizeof level_, &put);
  }
  Result setComponentState(Stream*) override { return kOk; }

  Result setBusArrangements(uint64_t* in, int32_t ins, uint64_t* out, int32_t outs) override {
    const int channels = outs ? __builtin_popcountll(out[0]) : 0;
    if (outs != 1 || channels < 1 || channels > 2 || (ins && in[0] != out[0])) return kFalse;
    if ((has("Mono") && channels != 1) || (has("Stereo") && channels != 2)) return kFalse;
    channels_ = channels;
    return kOk;
  }
  Result getBusArrangement(int32_t, int32_t, uint64_t& arrangement) override {
    arrangement = channels_ == 1 ? 1u << 19 : 3;
    return kOk;
  }
  uint32_t getLatencySamples() override { return late(); }
  Result setupProcessing(Setup& setup) override {
    rate_ = setup.rate;
    delay_.assign(2, std::vector<float>(late(), 0.0f));
    ring_ = 0;
    return kOk;
  }
  Result process(Process& data) override;

  Result getParameterInfo(int32_t, ParameterInfo& info) override {
    info = ParameterInfo{1, {}, {}, {}, 0, 1.0, 0, 1};
    wide(info.title, "Level");
    wide(info.shortTitle, "Level");
    return kOk;
  }
  Result getParamStringByValue(uint32_t, double value, char16_t* text) override {
    wide(text, std::to_string(value));
    return kOk;
  }
  double getParamNormalized(uint32_t) override { return level_; }
  Result setParamNormalized(uint32_t, double value) override {
    level_ = value;
    return kOk;
  }

 private:
  uint32_t references_ = 1;
  int channels_ = has("Mono") ? 1 : 2;
  double level_ = 1.0, rate_ = 44100.0, struck_ = 0.0;
  int32_t ring_ = 0, blocks_ = 0;
  std::vector<std::vector<float>> delay_;
};

// What a badly behaved plugin does when a note on velocity 127 comes: pedalboard and the host itself play softer ones first.
void misbehave() {
  if (has("Crashing")) {
    volatile int* nowhere = nullptr;
    *nowhere = 1;
  }
  if (has("Hanging"))
    for (volatile int i = 0;; i = i + 1) usleep(1000);
  if (has("Exiting")) _exit(3);
  if (has("Greedy"))
    for (std::vector<char*> all;; all.push_back(new char[1 << 24])) std::memset(new char[1 << 24], 1, 1 << 24);
}

Result Plugin::process(Process& data) {
  if (data.inChanges)
    for (int32_t i = 0; i < data.inChanges->count(); ++i) {
      Queue* queue = data.inChanges->at(i);
      int32_t offset = 0;
      if (queue && queue->count()) queue->point(queue->count() - 1, offset, level_);
    }
  if (!data.outputs || !data.out) return kOk;
  const int32_t channels = data.out[0].channels;
  ++blocks_;
  std::vector<float> strokes(data.samples, 0.0f);
  for (int32_t i = 0; data.inEvents && i < data.inEvents->count(); ++i) {
    Event event{};
    if (data.inEvents->get(i, event) != kOk || event.type != 0) continue;
    if (event.on.velocity > 0.99f && event.on.pitch != 60) misbehave();
    if (event.offset < data.samples) strokes[event.offset] += event.on.velocity;
  }
  for (int32_t i = 0; i < data.samples; ++i) {
    float drum = 0;
    if (strokes[i] > 0) {
      drum = strokes[i];
      struck_ = drum / 2;
      ring_ = static_cast<int32_t>(rate_ / 10);
    } else if (ring_ > 0) {
      --ring_;
      drum = static_cast<float>(struck_ * ring_ / (rate_ / 10));
    }
    if (has("Silent") || (has("Loading") && blocks_ < 40)) drum = 0;
    if (has("Broken") && drum > 0) drum = NAN;
    for (int32_t c = 0; c < channels; ++c) {
      float out = static_cast<float>(level_) * (effect() ? data.in[0].samples[c][i] / 2 : drum);
      if (!delay_.empty() && !delay_[0].empty()) {
        auto& line = delay_[c];
        line.push_back(out);
        out = line.front();
        line.erase(line.begin());
      }
      data.out[0].samples[c][i] = out;
    }
  }
  return kOk;
}

class Factory final : public Unknown {
 public:
  Result queryInterface(const char* iid, void** out) override {
    *out = kUnknown.is(iid) || kFactory.is(iid) || kFactory2.is(iid) ? this : nullptr;
    return *out ? kOk : kNo;
  }
  uint32_t addRef() override { return 1; }
  uint32_t release() override { return 1; }
  virtual Result getFactoryInfo(FactoryInfo* info) {
    std::memset(info, 0, sizeof *info);
    narrow(info->vendor, sizeof info->vendor, "Backbeat tests");
    return kOk;
  }
  virtual int32_t countClasses() { return has("Two") ? 2 : 1; }
  virtual Result getClassInfo(int32_t index, ClassInfo* info) {
    ClassInfo2 whole{};
    getClassInfo2(index, &whole);
    std::memcpy(info, &whole, sizeof *info);
    return kOk;
  }
  virtual Result createInstance(const char*, const char* iid, void** out) {
    auto* plugin = new Plugin;
    const Result result = plugin->queryInterface(iid, out);
    plugin->release();
    return result;
  }
  virtual Result getClassInfo2(int32_t index, ClassInfo2* info) {
    std::memset(info, 0, sizeof *info);
    Id{0xBACBEA70, static_cast<uint32_t>(std::hash<std::string>()(bundle())), 1, static_cast<uint32_t>(index)}.to(info->cid);
    info->many = 0x7FFFFFFF;
    narrow(info->category, sizeof info->category, "Audio Module Class");
    narrow(info->name, sizeof info->name, has("Two") ? (index ? "Kit B" : "Kit A") : bundle());
    narrow(info->kinds, sizeof info->kinds, effect() ? "Fx" : "Instrument|Drum");
    narrow(info->vendor, sizeof info->vendor, "Backbeat tests");
    narrow(info->version, sizeof info->version, "1.0.0");
    narrow(info->sdk, sizeof info->sdk, "VST 3.7");
    return kOk;
  }
};

}  // namespace

extern "C" {
__attribute__((visibility("default"))) void* GetPluginFactory() {
  static Factory factory;
  return has("Stubborn") ? nullptr : &factory;
}
__attribute__((visibility("default"))) bool ModuleEntry(void*) { return true; }
__attribute__((visibility("default"))) bool ModuleExit() { return true; }
}
