ardour { ["type"] = "SessionInit", name = "Backbeat test",
	description = [[A recording in a session of 110 BPM, to Backbeat and back, in the two ways that there are]] }

function factory ()

local function set_tempos (later_bpm)
	local map = Temporal.TempoMap.write_copy ()
	map:set_tempo (Temporal.Tempo (110, 110, 4), Temporal.timepos_t (0))
	if later_bpm then map:set_tempo (Temporal.Tempo (later_bpm, later_bpm, 4), Temporal.timepos_t.from_ticks (16 * 1920)) end
	Temporal.TempoMap.update (map)
end

local function import (path, sample)
	local files = C.StringVector ()
	files:push_back (path)
	Editor:do_import (files, Editing.ImportDistinctFiles, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
		ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
		Temporal.timepos_t (sample), ARDOUR.PluginInfo (), ARDOUR.Track (), false)
end

-- On a busy machine the export may stand still for longer than the daemon waits: it then does what is there, and all of it later.
local function wait_for_result (path, duration_s)
	for _ = 1, 2000 do
		local file = io.open (path, "r")
		local text = file and file:read ("a") or ""
		if file then file:close () end
		local found = tonumber (text:match ('"duration_seconds": ([%d.]+)') or "")
		if found and found > duration_s and text:find ('"instrument"', 1, true) then return end
		ARDOUR.LuaAPI.usleep (100000)
	end
	error (path .. " did not come")
end

-- Ardour connects a new track to the master in a thread of its own; a session that is saved before is exported as silence.
local function wait_for_connections ()
	local routes = Session:get_tracks ()
	for route in routes:iter () do
		local port = route:output ():nth (0)
		for _ = 1, 200 do
			if port:connected () then break end
			ARDOUR.LuaAPI.usleep (100000)
		end
		assert (port:connected (), route:name () .. " was not connected")
	end
end

-- The way of README: Ardour's own export program writes the session into the watched folder; the MIDI is imported at its start.
local function by_the_watched_folder (out, folder, bounces)
	wait_for_connections ()
	Session:save_state ("")
	local name = folder .. "/session"
	os.forkexec (os.getenv ("ARDOUR_EXPORT"), "-b", "24", "-o", bounces .. "/song.wav", name, Session:name ())
	wait_for_result (bounces .. "/song.drums.json", 12)
	import (bounces .. "/song.drums.mid", Session:current_start_sample ())
	out:write ("exported from ", Session:current_start_sample (), "\n")
end

local function select_regions ()
	local chosen = ArdourUI.SelectionList ()
	local routes = Session:get_tracks ()
	for route in routes:iter () do
		local regions = route:to_track ():playlist ():region_list ()
		for region in regions:iter () do
			if not region:to_audioregion ():isnil () then chosen:push_back (Editor:regionview_from_region (region)) end
		end
	end
	Editor:set_selection (chosen, ArdourUI.SelectionOp.Set)
end

local function add_midi_track ()
	local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
	Session:new_midi_track (midi, midi, true, ARDOUR.PluginInfo (), nil, nil, 1, "My kit",
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
end

local function select_range (from, to)
	Editor:set_selection (ArdourUI.SelectionList (), ArdourUI.SelectionOp.Set)
	Editor:set_loop_range (Temporal.timepos_t (from), Temporal.timepos_t (to), "loop")
	Editor:select_all_tracks ()
	Editor:access_action ("Editor", "select-loop-range")
end

-- The action as Ardour itself runs actions: the bytes of its function in a state of its own; its message box is told, not shown.
local function run_action (out)
	local dialogs = {}
	for _, name in ipairs ({ "ProgressWindow", "MessageType", "ButtonType" }) do dialogs[name] = LuaDialog[name] end
	dialogs.Message = function (_, words)
		out:write ("message ", (words:gsub ("\n", " ")), "\n")
		return { run = function () end }
	end
	local looks_until_cancelled = tonumber (os.getenv ("ARDOUR_TEST_CANCEL"))
	if looks_until_cancelled then
		local looks = 0
		local function progress () looks = looks + 1 return looks > looks_until_cancelled end
		dialogs.ProgressWindow = function () return { progress = progress, done = function () end } end
	end
	local state = setmetatable ({ LuaDialog = dialogs, ardour = function () end }, { __index = _G })
	local path = ARDOUR.user_config_directory (-1) .. "/scripts/backbeat.lua"
	assert (loadfile (path, "t", state)) ()
	load (string.dump (state.factory, true), nil, nil, state) ({}) ()
end

local function tell (out)
	local map = Temporal.TempoMap.read ()
	local routes = Session:get_tracks ()
	for route in routes:iter () do
		out:write ("track ", route:name (), "\n")
		local regions = route:to_track ():playlist ():region_list ()
		for region in regions:iter () do
			local start = region:position ():samples ()
			out:write ("region ", start, " ", region:length ():samples (), "\n")
			local midi = region:to_midiregion ()
			local notes = not midi:isnil () and ARDOUR.LuaAPI.note_list (midi:model ())
			if notes then
				for note in notes:iter () do
					local at = map:sample_at_beats (map:quarters_at_sample (start) + note:time ())
					out:write ("note ", at, " ", note:note (), " ", note:velocity (), "\n")
				end
			end
		end
	end
end

return function ()
	local folder = os.getenv ("ARDOUR_TEST_FOLDER")
	local out = io.open (folder .. "/out.part", "w")
	local good, reason = pcall (function ()
		set_tempos (tonumber (os.getenv ("ARDOUR_TEST_LATER_BPM")))
		import (folder .. "/song.wav", tonumber (os.getenv ("ARDOUR_TEST_START")))
		local way = os.getenv ("ARDOUR_TEST_WAY")
		if way == "folder" then
			by_the_watched_folder (out, folder, os.getenv ("ARDOUR_TEST_BOUNCES"))
		elseif way == "messages" then
			run_action (out)
			select_regions ()
			run_action (out)
			os.execute ('mkdir "' .. os.getenv ("ARDOUR_TEST_INBOX") .. '"')
			run_action (out)
		else
			if way == "own track" then add_midi_track () end
			local from = tonumber (os.getenv ("ARDOUR_TEST_FROM"))
			if from then select_range (from, tonumber (os.getenv ("ARDOUR_TEST_TO"))) else select_regions () end
			run_action (out)
		end
		tell (out)
	end)
	if not good then out:write ("error ", tostring (reason), "\n") end
	out:close ()
	os.rename (folder .. "/out.part", folder .. "/out.txt")
end end
