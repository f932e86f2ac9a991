-- @noindex
-- Puts notes on a track, by project seconds: they stay on the audio whatever the project's tempo map says.

local earlier = require("backbeat.earlier")

local insert = {}

local SHORTEST_S = 0.01 -- of a note that the item's end cuts off

-- One MIDI item from `start_s` to `end_s` with `notes` (seconds from start_s); returns it and how many notes are in it.
function insert.item(track, start_s, end_s, notes, channel)
  local item = reaper.CreateNewMIDIItemInProj(track, start_s, end_s, false)
  local take = reaper.GetActiveTake(item)
  local count, length_s = 0, end_s - start_s
  for _, note in ipairs(notes) do
    if note.time_s >= 0 and note.time_s < length_s then
      local stop_s = math.max(math.min(note.end_s, length_s), note.time_s + SHORTEST_S)
      local from = reaper.MIDI_GetPPQPosFromProjTime(take, start_s + note.time_s)
      local to = reaper.MIDI_GetPPQPosFromProjTime(take, start_s + stop_s)
      reaper.MIDI_InsertNote(take, false, false, from, to, channel - 1, note.pitch, note.velocity, true)
      count = count + 1
    end
  end
  reaper.MIDI_Sort(take)
  return item, count
end

-- The notes of a job on `track`, in place of an earlier result. moved_s: by how much the source was moved meanwhile.
-- Returns how many notes there are, and how many earlier items they replace.
function insert.result(job, track, moved_s, channel)
  local source = job.source
  local item, count = insert.item(track, source.start_s + moved_s, source.end_s + moved_s, job.result.notes, channel)
  local take = reaper.GetActiveTake(item)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", source.name .. " drums", true)
  earlier.mark(item, source, job.id)
  return count, earlier.delete(source, item)
end

return insert
