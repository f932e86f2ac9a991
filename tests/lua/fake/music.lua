-- The part of the stand-in that knows MIDI and tempo.

local model = require("fake.model")

local music = {}

local PPQ = 960

local function current(world, project)
  return project == 0 and world.front or project
end

local function position_to_qn(project, at_s)
  local qn, since, bpm = 0.0, 0.0, project.bpm
  for _, marker in ipairs(project.tempo) do
    if marker.time_s > at_s then break end
    qn, since, bpm = qn + (marker.time_s - since) * bpm / 60, marker.time_s, marker.bpm
  end
  return qn + (at_s - since) * bpm / 60
end

function music.midi(world)
  local functions = {}
  function functions.CreateNewMIDIItemInProj(track, start_s, end_s, in_quarters)
    assert(not in_quarters and end_s > start_s)
    if world.fail_create then error("out of memory") end
    return model.item(track, start_s, end_s - start_s, { midi = true })
  end
  function functions.MIDI_GetPPQPosFromProjTime(take, at_s)
    local project = model.project_of(take)
    return (position_to_qn(project, at_s) - position_to_qn(project, take.item.values.D_POSITION)) * PPQ
  end
  function functions.MIDI_InsertNote(take, _, _, from, to, channel, pitch, velocity, no_sort)
    assert(take.midi and from >= 0 and to > from, "a note without length, or before its item")
    assert(no_sort, "sorting after every note takes for ever")
    take.notes[#take.notes + 1] = { from = from, to = to, channel = channel, pitch = pitch, velocity = velocity }
    take.unsorted = true
    return true
  end
  function functions.MIDI_Sort(take) take.unsorted = nil end
  return functions
end

function music.tempo(world)
  local functions = {}
  function functions.CountTempoTimeSigMarkers(project) return #current(world, project).tempo end
  function functions.GetTempoTimeSigMarker(project, n)
    local marker = current(world, project).tempo[n + 1]
    return true, marker.time_s, 0, 0.0, marker.bpm, marker.beats, marker.unit, marker.glides or false
  end
  function functions.SetTempoTimeSigMarker(project, index, time_s, measure, beat, bpm, beats, unit, glides)
    assert(index == -1 and measure == -1 and beat == -1 and time_s >= 0 and bpm > 0)
    for _, item in ipairs(model.items(current(world, project))) do
      assert(item.values.C_BEATATTACHMODE == 0, "an item that follows the tempo would move")
    end
    local tempo = current(world, project).tempo
    tempo[#tempo + 1] = { time_s = time_s, bpm = bpm, beats = beats, unit = unit, glides = glides }
    table.sort(tempo, function(a, b) return a.time_s < b.time_s end)
    return true
  end
  function functions.DeleteTempoTimeSigMarker(project, n) return table.remove(current(world, project).tempo, n + 1) ~= nil end
  function functions.TimeMap_GetTimeSigAtTime(project, at_s)
    project = current(world, project)
    local beats, unit, bpm = project.beats, project.unit, project.bpm
    for _, marker in ipairs(project.tempo) do
      if marker.time_s <= at_s then beats, unit, bpm = marker.beats, marker.unit, marker.bpm end
    end
    return beats, unit, bpm
  end
  return functions
end

return music
