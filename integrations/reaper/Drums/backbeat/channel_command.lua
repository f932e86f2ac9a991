-- @noindex
-- Talks to the daemon by `backbeat send FILE --wait --answers FILE`, which needs nothing but REAPER: the command writes each
-- answer as a line of JSON beside the render, and this reads them as they come.

local command = require("backbeat.command")
local json = require("backbeat.json")

local channel_command = {}

local Channel = {}
Channel.__index = Channel

function channel_command.answers_path(recording)
  return (recording:gsub("%.[^./\\]+$", "")) .. ".answers.jsonl"
end

-- A channel for one job; nothing is sent yet.
function channel_command.new(config, recording)
  return setmetatable({
    name = "command",
    program = config.program,
    recording = recording,
    answers = channel_command.answers_path(recording),
    read_to = 0,
  }, Channel)
end

-- Ask for the job. Raises a problem.
function Channel:start()
  command.start(self.program, { "send", self.recording, "--wait", "--answers", self.answers })
end

-- What came since the last time: a list of {event =, ...}.
function Channel:poll()
  local file = io.open(self.answers, "rb")
  if not file then return {} end
  file:seek("set", self.read_to)
  local text = file:read("a") or ""
  file:close()
  local events = {}
  for line in text:gmatch("([^\n]*)\n") do
    self.read_to = self.read_to + #line + 1
    local event = json.decode(line)
    if type(event) == "table" and event.event then events[#events + 1] = event end
  end
  return events
end

-- Stop the job. Its end is told like every other.
function Channel:cancel(job)
  command.start(self.program, { "jobs", "cancel", job })
end

function Channel:close()
  os.remove(self.answers)
end

return channel_command
