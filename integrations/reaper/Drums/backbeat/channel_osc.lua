-- @noindex
-- Talks to the daemon over OSC, where LuaSocket is there: the package "Mavriq Lua Sockets", which ReaPack installs.

local osc = require("backbeat.osc")

local channel_osc = {}

local PING_EVERY_S, PINGS = 0.7, 4
local ASK_AFTER_S = 5.0 -- without news

local PACKAGE = "/Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/"

local Channel = {}
Channel.__index = Channel

-- LuaSocket's core, or nil.
function channel_osc.socket()
  local folder = reaper.GetResourcePath() .. PACKAGE
  local cpath, path = package.cpath, package.path
  package.cpath = cpath .. ";" .. folder .. "?.dll;" .. folder .. "?.so"
  package.path = path .. ";" .. folder .. "?.lua"
  local ok, socket = pcall(require, "socket.core")
  package.cpath, package.path = cpath, path
  return ok and socket or nil
end

-- A channel for one job with a port of its own: all that is said to it is about this job. nil when the system refuses.
function channel_osc.new(config, recording, socket)
  local udp = socket.udp()
  if not udp or not udp:setpeername(config.host == "0.0.0.0" and "127.0.0.1" or config.host, config.port) then return nil end
  udp:settimeout(0)
  return setmetatable({ name = "osc", udp = udp, recording = recording, pings = 0, asked = false }, Channel)
end

function Channel:ping()
  self.pings = self.pings + 1
  self.news_at = reaper.time_precise()
  self.udp:send(osc.packet("/backbeat/ping"))
end

-- Ask for the job as soon as the daemon has answered a ping.
function Channel:start()
  self:ping()
end

local NAMES = {
  accepted = { "job", "path" },
  progress = { "job", "stage", "fraction" },
  ready = { "job", "kind", "path" },
  done = { "job", "midi", "musicxml", "pdf", "json", "bpm", "confidence", "hits" },
  failed = { "job", "code", "message" },
  cancelled = { "job" },
  job = { "job", "state" },
  error = { "address", "message" },
}

local function event_of(message)
  local event = { event = message.address:match("^/backbeat/(%a+)$") }
  for n, name in ipairs(NAMES[event.event] or {}) do event[name] = message.arguments[n] end
  return event.event and event
end

-- The daemon may have lost what we said, or we what it said: ask again.
function Channel:remind(now)
  if not self.asked then
    if now - self.news_at > PING_EVERY_S then
      if self.pings >= PINGS then return { event = "no_daemon" } end
      self:ping()
    end
  elseif now - self.news_at > ASK_AFTER_S then
    self.news_at = now
    self.udp:send(self.job and osc.packet("/backbeat/status", self.job) or osc.packet("/backbeat/ping"))
  end
end

-- What came since the last time: a list of {event =, ...}.
function Channel:poll()
  local events, now = {}, reaper.time_precise()
  while true do
    local packet, trouble = self.udp:receive()
    if not packet then
      if trouble ~= "timeout" and not self.asked then events[#events + 1] = { event = "no_daemon" } end
      break
    end
    local message = osc.message(packet)
    local event = message and event_of(message)
    if event then
      self.news_at = now
      events[#events + 1] = event
      if event.event == "accepted" then self.job = event.job end
      if event.event == "pong" and not self.asked then
        self.asked = true
        self.udp:send(osc.packet("/backbeat/transcribe", self.recording))
      end
    end
  end
  if #events == 0 then events[1] = self:remind(now) end
  return events
end

-- Stop the job. Its end is told like every other.
function Channel:cancel(job)
  self.udp:send(osc.packet("/backbeat/cancel", job))
end

function Channel:close()
  self.udp:close()
end

return channel_osc
