-- @noindex
-- One source on its way: rendered, sent, heard, done. `step` moves it on a little and never waits.

local channel_command = require("backbeat.channel_command")
local channel_osc = require("backbeat.channel_osc")
local front = require("backbeat.front")
local problem = require("backbeat.problem")
local render = require("backbeat.render")
local result = require("backbeat.result")
local sidecar = require("backbeat.sidecar")

local job = {}

job.WAITING, job.RENDERING, job.SENT, job.DONE, job.ENDED = "waiting", "rendering", "sent", "done", "ended"

local RENDER_GRACE_S = 10.0 -- for a render in the background to begin
local COMMAND_GRACE_S = 20.0 -- for the backbeat command to write its first answer
local NEWS_S = 90.0 -- without news from the daemon
local CANCEL_S = 10.0 -- for the daemon to say that it has stopped
local LOOK_S = 0.1 -- between two looks at the disk

local START_ADVICE = "Start it with `backbeat run` in a terminal, or let it start when you log in; then try again."

local Job = {}
Job.__index = Job

-- host: {config, settings, folder, socket}. preset: a note map's name, or nil for the daemon's.
function job.new(source, name, preset, host)
  return setmetatable({
    source = source,
    name = name,
    preset = preset,
    host = host,
    state = job.WAITING,
    words = "waiting",
    fraction = 0.0,
    at = {},
  }, Job)
end

function Job:is_over()
  return self.state == job.DONE or self.state == job.ENDED
end

function Job:fail(it)
  self.problem = it
  self.state = job.ENDED
  self:close()
end

function Job:close()
  if self.channel then self.channel:close() end
  self.channel = nil
end

local function settle(self)
  local seconds = render.check(self.recording, self.source)
  if seconds then
    self.at.rendered = reaper.time_precise()
    self:send()
  elseif reaper.time_precise() - self.grown_at > RENDER_GRACE_S then
    problem.raise(("Nothing was rendered of %s."):format(self.source.name), "Was the render stopped? Then start again.")
  else
    -- rendered in the background: it is not over as long as the file grows
    local file = io.open(self.recording, "rb")
    local size = file and file:seek("end") or 0
    if file then file:close() end
    if size > (self.size or 0) then self.size, self.grown_at = size, reaper.time_precise() end
  end
end

function Job:begin()
  self.words = "rendering"
  self.state = job.RENDERING
  self.recording = front.with(self.source.project, render.start, self.source, self.host.folder, self.name)
  self.grown_at = reaper.time_precise()
end

function Job:send()
  sidecar.write(self.recording, sidecar.settings(self.source, self.preset, self.host.settings.options))
  local socket = self.host.socket
  self.channel = socket and channel_osc.new(self.host.config, self.recording, socket)
    or channel_command.new(self.host.config, self.recording)
  self.channel_name = self.channel.name
  self.channel:start()
  self.state, self.words = job.SENT, "asking the daemon"
  self.at.sent = reaper.time_precise()
  self.news_at = self.at.sent
end

local STAGES = {
  { name = "read", words = "reading" },
  { name = "separate", words = "preparing the drums" },
  { name = "beats", words = "finding the beats" },
  { name = "hits", words = "hearing the hits" },
  { name = "midi", words = "writing MIDI" },
  { name = "notation", words = "writing notation" },
}

local HEARD = {}

function HEARD.accepted(self, event)
  self.id = event.job
  self.words = "in the queue"
  self.at.accepted = reaper.time_precise()
  if self.cancelled_at then self:cancel() end
end

function HEARD.progress(self, event)
  for n, stage in ipairs(STAGES) do
    if stage.name == event.stage then
      self.words = stage.words
      self.fraction = (n - 1 + (tonumber(event.fraction) or 0.0)) / #STAGES
    end
  end
end

function HEARD.done(self, event)
  self:finish(event.json)
end

function HEARD.job(self, event)
  if event.state == "done" then
    self:finish(nil)
  elseif event.state == "cancelled" or event.state == "superseded" then
    HEARD.cancelled(self)
  elseif event.state == "failed" then
    problem.raise(("%s could not be transcribed."):format(self.source.name), "`backbeat jobs show " .. event.job .. "` says why.")
  end
end

function HEARD.cancelled(self)
  self:fail(problem.new(("%s was cancelled."):format(self.source.name)))
end

function HEARD.failed(self, event)
  problem.raise(("%s could not be transcribed: %s"):format(self.source.name, event.message))
end

function HEARD.error(self, event)
  problem.raise(("The daemon refused %s: %s"):format(self.source.name, event.message))
end

function HEARD.no_daemon()
  problem.raise("The Backbeat daemon is not running.", START_ADVICE)
end

function HEARD.ended(self, event)
  problem.raise(("The backbeat command ended early at %s, with code %s."):format(self.source.name, event.code), START_ADVICE)
end

function Job:finish(path)
  if type(path) ~= "string" or path == "" then path = result.path(self.recording) end
  self.at.done = reaper.time_precise()
  self.result = result.read(path)
  self.at.read = reaper.time_precise()
  self.state, self.words, self.fraction = job.DONE, "done", 1.0
  self:close()
end

local function listen(self)
  for _, event in ipairs(self.channel:poll()) do
    self.news_at = reaper.time_precise()
    local hear = HEARD[event.event]
    if hear then hear(self, event) end
    if self:is_over() then return end
  end
  if self.cancelled_at and reaper.time_precise() - self.cancelled_at > CANCEL_S then return HEARD.cancelled(self) end
  local silent_s = reaper.time_precise() - self.news_at
  if not self.id and self.news_at == self.at.sent and silent_s > COMMAND_GRACE_S then
    problem.raise(
      "The backbeat command did not start: " .. self.host.config.program,
      "Say where it is in the action \"Backbeat_Settings\"; try `backbeat doctor` in a terminal."
    )
  elseif silent_s > NEWS_S then
    -- the result is written last: where it is, the job is done, whatever became of the message
    if result.is_there(self.recording) then return self:finish(nil) end
    problem.raise(("There has been no news of %s for a long time."):format(self.source.name), START_ADVICE)
  end
end

-- Go on a little. What goes wrong ends this job only: it is in `problem` then.
function Job:step()
  local now = reaper.time_precise()
  if self:is_over() or now < (self.look_at or 0) then return end
  if self.channel == nil or self.channel.name == "command" then self.look_at = now + LOOK_S end
  local ok, it = problem.catch(function()
    if self.state == job.WAITING then
      self:begin()
      settle(self)
    elseif self.state == job.RENDERING then
      settle(self)
    else
      listen(self)
    end
  end)
  if not ok then self:fail(it) end
end

-- Ask the daemon to stop it; a job that has not begun ends at once.
function Job:cancel()
  self.cancelled_at = reaper.time_precise()
  if self.state == job.SENT then
    self.words = "stopping"
    if self.id then self.channel:cancel(self.id) end
  elseif not self:is_over() then
    HEARD.cancelled(self)
  end
end

-- Remove what was only on the way; the results stay.
function Job:tidy()
  self:close()
  if not self.recording then return end
  os.remove(channel_command.answers_path(self.recording))
  if self.host.settings.keep ~= "yes" then
    os.remove(self.recording)
    os.remove(sidecar.path(self.recording))
  end
end

return job
