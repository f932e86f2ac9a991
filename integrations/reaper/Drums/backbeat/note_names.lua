-- @noindex
-- Names of notes on a track: those of its drum plugin become a note map (`backbeat presets import`), and a track without
-- names gets those of the note map that was used.

local command = require("backbeat.command")
local daemon = require("backbeat.daemon")
local json = require("backbeat.json")
local settings = require("backbeat.settings")

local note_names = {}

local FIELD = "P_EXT:backbeat"
local ALL_CHANNELS = -1
local FEWEST = 4 -- fewer names than that are no drum kit
local WAIT_MS = 20000

-- Plugins that tell no names, by a piece of their name in lower case, and the note map that fits.
local PLUGINS = {
  { "superior drummer", "superior-drummer-3" }, { "ezdrummer", "ezdrummer" }, { "addictive drums", "addictive-drums-2" },
  { "bfd3", "bfd3" }, { "ssdsampler", "steven-slate-drums-5" }, { "steven slate drums", "steven-slate-drums-5" },
  { "mt%-powerdrumkit", "mt-power-drum-kit-2" }, { "mt power drum", "mt-power-drum-kit-2" }, { "sitala", "sitala" },
  { "battery 4", "battery-maschine" },
}

-- The names that Backbeat gave the track itself, by pitch.
local function given(track)
  local _, text = reaper.GetSetMediaTrackInfo_String(track, FIELD, "", false)
  local mark = text ~= "" and json.decode(text) or nil
  local names = {}
  for pitch, name in pairs(type(mark) == "table" and mark.names or {}) do names[tonumber(pitch)] = name end
  return names
end

-- Names by pitch, 0 to 127, that the plugin or the user gave; not those that Backbeat gave.
function note_names.of_track(project, track, channel)
  local ours, names, count = given(track), {}, 0
  for pitch = 0, 127 do
    local name = reaper.GetTrackMIDINoteNameEx(project, track, pitch, channel - 1)
    if name and name ~= "" and name ~= ours[pitch] then
      names[pitch], count = name, count + 1
    end
  end
  return names, count
end

local function plugin_name(track)
  local index = reaper.TrackFX_GetInstrument(track)
  if index < 0 then return nil end
  local _, name = reaper.TrackFX_GetFXName(track, index)
  return name
end

local function slug(text)
  local bare = text:gsub("^%w+i?:%s*", ""):gsub("%(.-%)", ""):lower()
  return (bare:gsub("[^a-z0-9]+", "-"):gsub("^%-+", ""):gsub("%-+$", ""):sub(1, 40):gsub("%-+$", ""))
end

local function write_names(path, names)
  local file = assert(io.open(path, "wb"))
  for pitch = 0, 127 do
    if names[pitch] then file:write(("%d %s\n"):format(pitch, (names[pitch]:gsub("%c", " ")))) end
  end
  file:close()
end

local function hears_kick_and_snare(report)
  local heard = {}
  for _, each in ipairs(type(report) == "table" and report.names or {}) do heard[each.instrument] = true end
  return heard.kick and heard.snare
end

-- Make a note map of the names. Returns the preset's name, or nil where kick and snare are not among them.
local function imported(names, name, host)
  local path = host.folder .. "/" .. name .. ".names.txt"
  write_names(path, names)
  local words = { "presets", "import", path, "--name", name, "--overwrite", "--json" }
  local code, output = command.run(host.config.program, words, WAIT_MS)
  os.remove(path)
  return code == 0 and hears_kick_and_snare(daemon.json_line(output)) and name or nil
end

-- Once per session for the same names: the answer does not change.
local function imported_once(names, name, host)
  local text = {}
  for pitch = 0, 127 do text[#text + 1] = names[pitch] and pitch .. "=" .. names[pitch] end
  local key, content = "names " .. name, table.concat(text, "\n")
  local cached = json.decode(reaper.GetExtState(settings.SECTION, key))
  if type(cached) == "table" and cached.names == content then return cached.preset ~= "" and cached.preset or nil end
  local preset = imported(names, name, host)
  reaper.SetExtState(settings.SECTION, key, json.encode({ names = content, preset = preset or "" }), false)
  return preset
end

-- The note map for a track, or nil for the daemon's: from the names that its plugin tells, or from the plugin's name.
function note_names.preset_for(project, track, host)
  local plugin = plugin_name(track)
  local names, count = note_names.of_track(project, track, host.settings.channel)
  if count >= FEWEST then
    local name = slug(plugin or "")
    local preset = imported_once(names, "reaper-" .. (name ~= "" and name or "drums"), host)
    if preset then return preset end
  end
  for _, row in ipairs(plugin and PLUGINS or {}) do
    if plugin:lower():find(row[1]) then return row[2] end
  end
end

local function pretty(drum)
  return (drum:gsub("_", " "):gsub("^%l", string.upper))
end

-- What a note map calls its notes, by pitch; empty where the command cannot say. Asked once per session.
function note_names.of_preset(preset, host)
  local key = "pads " .. preset
  local cached = json.decode(reaper.GetExtState(settings.SECTION, key))
  if type(cached) ~= "table" then
    local code, output = command.run(host.config.program, { "presets", "show", preset, "--json" }, WAIT_MS)
    cached = {}
    local shown = code == 0 and daemon.json_line(output)
    for _, pad in ipairs(type(shown) == "table" and shown.pads or {}) do
      if pad.from == json.null then
        local name = pad.articulation ~= "" and pad.articulation or pretty(pad.drum)
        cached[#cached + 1] = { note = pad.note, name = name }
      end
    end
    reaper.SetExtState(settings.SECTION, key, json.encode(cached), false)
  end
  local names = {}
  for _, pad in ipairs(cached) do names[pad.note] = names[pad.note] or pad.name end
  return names
end

-- Name the notes of a track that have no name yet, and take back those that Backbeat gave before.
function note_names.give(project, track, names, channel)
  local before, kept = given(track), {}
  for pitch = 0, 127 do
    local now = reaper.GetTrackMIDINoteNameEx(project, track, pitch, channel - 1) or ""
    local is_ours = now == "" or now == before[pitch]
    if is_ours and names[pitch] then
      if now ~= names[pitch] then reaper.SetTrackMIDINoteNameEx(project, track, pitch, ALL_CHANNELS, names[pitch]) end
      kept[tostring(pitch)] = names[pitch]
    elseif is_ours and now ~= "" then
      reaper.SetTrackMIDINoteNameEx(project, track, pitch, ALL_CHANNELS, "")
    end
  end
  reaper.GetSetMediaTrackInfo_String(track, FIELD, json.encode({ names = kept }), true)
end

return note_names
