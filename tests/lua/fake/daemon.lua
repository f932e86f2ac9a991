-- A stand-in for Backbeat's daemon and its command: hears a render, writes result files, tells about it, one step a tick.
-- How a job goes is in `daemon.plan`: a list of events, with which `send --answers` writes lines and OSC sends messages.

local files = require("fake.files")
local json = require("backbeat.json")

local fake_daemon = {}

local Daemon = {}
Daemon.__index = Daemon

fake_daemon.NOTES = {
  { time_s = 0.0, pitch = 36, velocity = 100 }, { time_s = 0.5, pitch = 38, velocity = 90 },
  { time_s = 1.0, pitch = 36, velocity = 80 }, { time_s = 1.5, pitch = 38, velocity = 127 },
}

local CONFIG = {
  ["osc.host"] = "127.0.0.1", ["osc.port"] = 9753, ["osc.enabled"] = true, ["transcribe.preset"] = "general-midi",
}

-- bars, preset, bpm, unreliable, warnings: of the results. names: the drums that `presets import` understands.
function fake_daemon.new(folder)
  os.execute(("mkdir -p '%s/inbox'"):format(folder))
  return setmetatable({
    inbox = folder .. "/inbox", jobs = {}, bpm = 120.0, preset = "general-midi", warnings = {}, runs = true,
    plan = { "accepted", "progress", "done" }, heard = { "kick", "snare" }, imports = {}, cancelled = {},
    bars = { { bar = 1, time = 0.0, meter = "4/4", bpm = 120.0 } },
  }, Daemon)
end

local function words_of(line)
  local words = {}
  for word in line:gmatch('"(.-)"') do words[#words + 1] = word end
  return words
end

local function base_of(path)
  return (path:gsub("%.wav$", ""))
end

-- Result files of a recording, as the daemon leaves them: JSON last.
function Daemon:write_result(recording)
  local base = base_of(recording)
  files.write(base .. ".drums.mid", files.midi(self.notes or fake_daemon.NOTES, self.bpm))
  files.write(base .. ".drums.json", json.encode({
    schema_version = 1, source = recording, detected_bpm = self.bpm, bpm_unreliable = self.unreliable or false,
    settings = { preset = self.preset }, outputs = { midi = base .. ".drums.mid" }, warnings = self.warnings, bars = self.bars,
  }))
end

local function event_of(daemon, job, kind)
  local event = { event = kind, job = job.id }
  if kind == "accepted" then event.path = job.recording end
  if kind == "progress" then event.stage, event.fraction = "hits", 0.5 end
  if kind == "failed" then event.code, event.message = "audio_too_short", "The recording is too short to hear a beat in." end
  if kind == "error" then event.address, event.message = "/backbeat/transcribe", "It is outside the configured folders." end
  if kind == "done" then
    daemon:write_result(job.recording)
    local base = base_of(job.recording)
    event.midi, event.musicxml, event.pdf, event.json = base .. ".drums.mid", "", "", base .. ".drums.json"
    event.bpm, event.confidence, event.hits = daemon.bpm, 0.9, 4
  end
  return event
end

-- Take a job; `tell(event)` gets what is said about it.
function Daemon:submit(recording, tell)
  local job = { id = ("job%04d"):format(#self.jobs + 1), recording = recording, tell = tell, at = 1, plan = self.plan }
  job.sidecar = json.decode(files.read(base_of(recording) .. ".backbeat.json") or "")
  self.jobs[#self.jobs + 1] = job
  return job
end

function Daemon:cancel(id)
  self.cancelled[#self.cancelled + 1] = id
  for _, job in ipairs(self.jobs) do
    if job.id == id and not job.over and not self.ignores_cancel then
      job.over = true
      job.tell({ event = "cancelled", job = id })
    end
  end
end

-- One step of every job. A plan that ends with "hang" goes on saying nothing.
function Daemon:tick()
  for _, job in ipairs(self.jobs) do
    local kind = job.plan[job.at]
    if kind and kind ~= "hang" and not job.over then
      job.at = job.at + 1
      if kind == "quietly done" then
        self:write_result(job.recording)
      elseif kind ~= "wait" then
        job.tell(event_of(self, job, kind))
      end
    end
  end
end

function Daemon:config_json()
  local config = { inbox = { value = self.inbox, from = "default" } }
  for key, value in pairs(CONFIG) do config[key] = { value = value, from = "default" } end
  return json.encode(config)
end

local function send(daemon, words)
  local recording, answers = words[3], words[6]
  assert(words[4] == "--wait" and words[5] == "--answers" and files.exists(recording))
  if not daemon.command_works then return end
  local file = assert(io.open(answers, "wb"))
  file:write('{"event": "asked"}\n')
  file:flush()
  if not daemon.runs then
    file:write('{"event": "no_daemon"}\n{"event": "ended", "code": 3}\n')
    file:close()
    return
  end
  daemon:submit(recording, function(event)
    file:write(json.encode(event), "\n")
    file:flush()
  end)
end

local function import(daemon, words)
  local names = files.read(words[4])
  daemon.imports[#daemon.imports + 1] = { names = names, name = words[6] }
  local report = { path = "preset.toml", names = {} }
  for n, drum in ipairs(daemon.heard) do report.names[n] = { note = 35 + n, name = drum, instrument = drum, written = true } end
  return "0\n" .. json.encode(report) .. "\n"
end

local function show(daemon)
  daemon.shown = (daemon.shown or 0) + 1
  return "0\n" .. json.encode({ pads = {
    { drum = "kick", note = 36, articulation = "Kick", from = json.null, also = {} },
    { drum = "snare", note = 38, articulation = "", from = json.null, also = {} },
    { drum = "side_stick", note = 38, articulation = "Snare", from = "snare", also = {} },
  } }) .. "\n"
end

-- What `reaper.ExecProcess` does with a command line.
function Daemon:exec()
  self.command_works = self.command_works ~= false
  return function(line, wait_ms)
    local words = words_of(line)
    local what = words[2] .. " " .. (words[3] or "")
    if self.is_missing then return nil end
    if what == "config show" then return "0\na warning\n" .. self:config_json() .. "\n" end
    if what == "presets import" then return import(self, words) end
    if what == "presets show" then return show(self) end
    assert(wait_ms < 0, "nobody waits for this")
    if what == "jobs cancel" then return self:cancel(words[4]) end
    if words[2] == "send" then return send(self, words) end
    error("an unknown command: " .. line)
  end
end

return fake_daemon
