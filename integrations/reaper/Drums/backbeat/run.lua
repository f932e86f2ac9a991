-- @noindex
-- A run: from the sources that were chosen to the notes in the project, a little at a time while REAPER goes on.

local cancel = require("backbeat.cancel")
local channel_osc = require("backbeat.channel_osc")
local daemon = require("backbeat.daemon")
local drum_track = require("backbeat.drum_track")
local finish = require("backbeat.finish")
local jobs_module = require("backbeat.job")
local json = require("backbeat.json")
local note_names = require("backbeat.note_names")
local problem = require("backbeat.problem")
local progress = require("backbeat.progress")
local settings_module = require("backbeat.settings")

local run = {}

local LAST_RUN = "last_run"

local Run = {}
Run.__index = Run

local function tell(words)
  reaper.ShowMessageBox(words, "Backbeat", 0)
end

-- Names of the renders: letters that every system and the command line take, and never the same twice.
local function render_name(n)
  local since = ("%.3f"):format(reaper.time_precise()):gsub("%D", "")
  return ("reaper-%s-%s-%d"):format(os.date("%Y%m%d-%H%M%S"), since, n)
end

-- The note map for a job: the user's setting, or what fits the drum track; nil leaves it to the daemon.
local function preset_of(host, source, track)
  local wanted = host.settings.preset
  if wanted ~= "auto" then return wanted ~= "" and wanted or nil end
  return track and note_names.preset_for(source.project, track, host)
end

local function new_host(settings)
  local config = daemon.config(settings.command)
  reaper.RecursiveCreateDirectory(config.inbox, 0)
  local socket = settings.send == "auto" and config.osc and channel_osc.socket() or nil
  return { config = config, settings = settings, folder = config.inbox, socket = socket }
end

local function new_jobs(found, host)
  local tracks = drum_track.choose(found[1].project, found, host.settings.target)
  local jobs = {}
  for n, source in ipairs(found) do
    jobs[n] = jobs_module.new(source, render_name(n), preset_of(host, source, tracks[n]), host)
    jobs[n].track = tracks[n]
  end
  return jobs
end

function Run:is_over()
  for _, job in ipairs(self.jobs) do
    if not job:is_over() then return false end
  end
  return true
end

function Run:cancel()
  if self.cancelled then return end
  self.cancelled = true
  for _, job in ipairs(self.jobs) do job:cancel() end
end

-- Note names are asked for while the daemon works, so that nobody waits for them.
function Run:look_up_names()
  local sent = false
  for _, job in ipairs(self.jobs) do
    if not job:is_over() and job.state ~= jobs_module.SENT then return end
    sent = sent or job.at.sent ~= nil
  end
  if self.names or not sent then return end
  self.names = {}
  for _, job in ipairs(self.jobs) do
    local preset = self.host.settings.options.preset or job.preset or self.host.config.preset
    if not job.problem and preset and not self.names[preset] then
      local _, names = problem.catch(note_names.of_preset, preset, self.host)
      self.names[preset] = problem.is(names) and {} or names
    end
  end
end

-- What happened when, in seconds from the key press: for whoever asks why it took so long.
function Run:remember_times()
  local report = {}
  for n, job in ipairs(self.jobs) do
    report[n] = { name = job.source.name, send = job.channel_name, notes = job.inserted, times = {} }
    for stage, at in pairs(job.at) do report[n].times[stage] = at - self.started end
    report[n].times.inserted_at = job.inserted and self.inserted_at - self.started or nil
  end
  reaper.SetExtState(settings_module.SECTION, LAST_RUN, json.encode(report), false)
end

-- Problems of all jobs in one message, each said once; nothing where all went well.
function Run:tell_problems(more)
  local said, lines = {}, {}
  local function add(it)
    local words = problem.in_words(it)
    if not said[words] then
      said[words] = true
      lines[#lines + 1] = words
    end
  end
  if more then add(more) end
  for _, job in ipairs(self.jobs) do
    if job.problem and not self.cancelled then
      add(job.problem)
      daemon.forget() -- perhaps it is configured otherwise now
    end
    for _, warning in ipairs(job.inserted and job.result.warnings or {}) do
      reaper.ShowConsoleMsg(("Backbeat: %s: %s\n"):format(job.source.name, warning))
    end
  end
  if #lines > 0 then tell(table.concat(lines, "\n\n")) end
end

function Run:finish()
  self.progress:close()
  local trouble
  if not self.cancelled then
    local ok, it = problem.catch(finish.insert, self.project, self.jobs, self.names or {}, self.host.settings)
    if not ok then trouble = it end
  end
  self.inserted_at = reaper.time_precise()
  self:remember_times()
  for _, job in ipairs(self.jobs) do job:tidy() end
  self.finished = true
  cancel.finished()
  self:tell_problems(trouble)
end

function Run:step()
  cancel.working()
  if self.progress.wants_cancel or cancel.asked_since(self.started) then self:cancel() end
  for _, job in ipairs(self.jobs) do
    local was = job.state
    job:step()
    if was == jobs_module.WAITING and job.state ~= was then break end -- one render, then REAPER again
  end
  self:look_up_names()
  self.progress:show(self.jobs)
  if self:is_over() then
    self:finish()
  else
    reaper.defer(function() self:go_on() end)
  end
end

-- A mistake of ours must not leave jobs and windows behind.
function Run:go_on()
  local ok, it = problem.catch(self.step, self)
  if not ok then
    self:stop()
    tell(problem.in_words(it))
  end
end

-- End at once: REAPER ends the script, or it has failed.
function Run:stop()
  if self.finished then return end
  self.finished = true
  self:cancel()
  self.progress:close()
  for _, job in ipairs(self.jobs) do job:tidy() end
  cancel.finished()
end

local function prepare(find_sources, started)
  local settings = settings_module.load()
  local project = (reaper.EnumProjects(-1))
  local found = find_sources(project, settings)
  local host = new_host(settings)
  local jobs = new_jobs(found, host)
  return setmetatable({
    project = project,
    host = host,
    jobs = jobs,
    started = started,
    progress = progress.open(settings.progress, jobs),
  }, Run)
end

-- Transcribe what `find_sources(project, settings)` finds. Returns at once; the rest happens while REAPER goes on.
function run.start(find_sources)
  local ok, it = problem.catch(prepare, find_sources, reaper.time_precise())
  if not ok then return tell(problem.in_words(it)) end
  reaper.atexit(function() it:stop() end)
  it:go_on()
end

return run
