-- @noindex
-- The end of a run: everything goes into the project in one undo step, or nothing does.

local drum_track = require("backbeat.drum_track")
local front = require("backbeat.front")
local insert = require("backbeat.insert")
local note_names = require("backbeat.note_names")
local problem = require("backbeat.problem")
local sources = require("backbeat.sources")
local tempo_map = require("backbeat.tempo_map")

local finish = {}

local YES_NO, YES = 4, 6

-- Jobs whose notes can be inserted, each with `moved_s`; the others get a problem.
local function still_fitting(jobs)
  local fitting = {}
  for _, job in ipairs(jobs) do
    if job.result then
      local moved_s, why = sources.moved_by(job.source)
      if moved_s then
        job.moved_s = moved_s
        fitting[#fitting + 1] = job
      else
        job.problem = problem.new(
          ("The notes of %s were not inserted: %s."):format(job.source.name, why), "They are in " .. job.result.midi
        )
      end
    end
  end
  return fitting
end

-- Tempo markers that the user wants, or nil. Asked only where one recording was done and its tempo is sure.
local function wanted_markers(jobs, setting)
  if setting ~= "ask" or #jobs ~= 1 or not jobs[1].result.tempo_is_sure then return nil end
  local job = jobs[1]
  local markers = tempo_map.markers(job.result.bars)
  if #markers == 0 or tempo_map.fits_project(job.source, markers, job.moved_s) then return nil end
  local answer = reaper.ShowMessageBox(
    ("The tempo of %s is %.1f BPM. Shall the project follow it, with %d tempo %s in place of those that are there?\n\n")
        :format(job.source.name, job.result.bpm, #markers, #markers == 1 and "marker" or "markers")
      .. "The notes are on the recording either way.",
    "Backbeat", YES_NO
  )
  return answer == YES and markers or nil
end

-- Items of one track share a new track; what lies over one another gets tracks of its own.
local function owner(job)
  return job.source.item and not job.source.further_take and job.source.track or job
end

local function target_of(job, made)
  if job.track and reaper.ValidatePtr2(job.source.project, job.track, "MediaTrack*") then return job.track end
  local key = owner(job)
  made[key] = made[key] or drum_track.make(job.source)
  return made[key]
end

local function put(jobs, markers, names, channel)
  if markers then tempo_map.add(jobs[1].source, markers, jobs[1].moved_s) end
  local made = {}
  for _, job in ipairs(jobs) do
    local track = target_of(job, made)
    job.inserted, job.replaced = insert.result(job, track, job.moved_s, channel)
    note_names.give(job.source.project, track, names[job.result.preset] or {}, channel)
  end
end

local function insert_all(project, jobs, names, settings)
  local fitting = still_fitting(jobs)
  if #fitting == 0 then return end
  local markers = wanted_markers(fitting, settings.tempo)
  reaper.Undo_BeginBlock2(project)
  reaper.PreventUIRefresh(1)
  local ok, it = problem.catch(put, fitting, markers, names, settings.channel)
  reaper.PreventUIRefresh(-1)
  reaper.Undo_EndBlock2(project, "Backbeat: insert drums", -1)
  if not ok then reaper.Undo_DoUndo2(project) end
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  if not ok then error(it, 0) end
end

-- Put the notes of all jobs that are done into their project. names: of the notes, by preset. Raises a problem when that
-- is not possible; then nothing was changed.
function finish.insert(project, jobs, names, settings)
  front.with(project, insert_all, project, jobs, names, settings)
end

return finish
