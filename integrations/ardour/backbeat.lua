ardour {
	["type"]    = "EditorAction",
	name        = "Backbeat: Transcribe Drums",
	license     = "MIT",
	author      = "Backbeat",
	description = [[
The drums of the selected audio regions, or of the selected range on the selected tracks, as notes on a MIDI track: on the
selected MIDI track, else on a new one. It needs the Backbeat daemon: `backbeat run` in a terminal.]]
}

-- Ardour keeps this function and nothing else of the file, so everything stands inside it. Tried with Ardour 7.
function factory () return function ()
	local BLOCK_SAMPLES = 8192
	local PACKED_AT_ONCE = 128 -- numbers that one call can take
	local LOOK_EVERY_US = 50000
	local START_WITHIN_S = 20 -- the command's first start from a cold disk takes some seconds
	local STOP_WITHIN_S = 5
	local NEAR_S = 0.001
	local TICKS_PER_QUARTER = 1920 -- Ardour's own
	local BPM_MIN, BPM_MAX = 20, 400 -- what Backbeat takes
	local IN_WORDS = {
		read = "reading", separate = "taking the drums out of the mix", beats = "finding the beats", hits = "hearing the hits",
		midi = "writing the MIDI", notation = "writing the notation",
	}
	local rate_hz = Session:nominal_sample_rate ()
	local is_windows = ARDOUR.LuaAPI.build_filename ("a", "b"):find ("\\", 1, true) ~= nil
	local window

	-- Ends the action with a sentence for the user; without one, the user ended it.
	local function fail (message, advice)
		error ({ message = message, advice = advice }, 0)
	end

	local function now_s ()
		return ARDOUR.LuaAPI.monotonic_time () / 1e6
	end

	local function say (fraction, words)
		if window:progress (fraction, words) then fail () end
	end

	local function exists (path)
		return ARDOUR.LuaAPI.file_test (path, ARDOUR.LuaAPI.FileTest.Exists)
	end

	local function content (path)
		local file = io.open (path, "rb")
		if not file then return nil end
		local text = file:read ("a")
		file:close ()
		return text
	end

	-- The text that a flat object of JSON has by that name.
	local function json_text (json, name)
		local text = (json:gsub ("\\\\", "\1"):gsub ('\\"', "\2")):match ('"' .. name .. '": "([^"]*)"')
		if not text then return nil end
		text = text:gsub ("\\u[dD]([89abAB]%x%x)\\u[dD]([c-fC-F]%x%x)", function (high, low)
			return utf8.char (0x10000 + (tonumber (high, 16) - 0x800) * 0x400 + tonumber (low, 16) - 0xc00)
		end)
		text = text:gsub ("\\u(%x%x%x%x)", function (hex) return utf8.char (tonumber (hex, 16)) end)
		return (text:gsub ("\\n", "\n"):gsub ("\\t", "\t"):gsub ("\\/", "/"):gsub ("\1", "\\"):gsub ("\2", '"'))
	end

	local function json_number (json, name)
		return tonumber (json:match ('"' .. name .. '": (-?[%d.eE+-]+)') or "")
	end

	-- The command `backbeat` ---------------------------------------------------------------------------------------------

	-- `backbeat install ardour` writes where it is into a file beside this: programs of the desktop do not see a terminal's PATH.
	local function find_program ()
		local told = content (ARDOUR.user_config_directory (-1) .. "/scripts/backbeat-command.txt") or ""
		local home = os.getenv ("HOME") or ""
		for _, place in ipairs ({ told:match ("[^\r\n]+") or "", home .. "/.local/bin/backbeat", "/opt/homebrew/bin/backbeat" }) do
			if place ~= "" and exists (place) then return place end
		end
		return "backbeat"
	end

	-- The folder that scripts write recordings into, as the configuration has it.
	local function find_inbox (program)
		local question = ('"%s" config show --json 2>&1'):format (program)
		-- Ardour's own libraries are not for other programs
		local pipe = io.popen ((is_windows and "" or "env -u LD_LIBRARY_PATH ") .. question, "r")
		local said = pipe and pipe:read ("a") or ""
		if pipe then pipe:close () end
		local inbox = json_text (said:match ('"inbox": (%b{})') or "", "value")
		if inbox then return inbox end
		fail ("The backbeat command did not say where its inbox is:\n" .. (said:sub (1, 600):match ("%S.*") or program),
			"Does `backbeat config show` work in a terminal? Then run `backbeat install ardour` there.")
	end

	-- What is to be heard ------------------------------------------------------------------------------------------------

	-- {playlist =, name =, start =, length = in samples, channels =} for each selected audio region; without regions, for the
	-- selected range on each selected audio track.
	local function selected_pieces ()
		local pieces, selection = {}, Editor:get_selection ()
		local function add (list, name, start, length, channels)
			local playlist = list:to_audioplaylist ()
			pieces[#pieces + 1] = { playlist = playlist, name = name, start = start, length = length, channels = channels }
		end
		local regions = selection.regions:regionlist ()
		for region in regions:iter () do
			local audio = region:to_audioregion ()
			if not audio:isnil () then
				add (region:playlist (), region:name (), region:position ():samples (), region:length ():samples (), audio:n_channels ())
			end
		end
		if #pieces > 0 or selection.time:empty () then return pieces end
		local start, stop = selection.time:start_sample (), selection.time:end_sample ()
		local routes = selection.tracks:routelist ()
		for route in routes:iter () do
			local track, channels = route:to_track (), 0
			local list = not track:isnil () and track:to_midi_track ():isnil () and track:playlist ():region_list ()
			if list then
				for region in list:iter () do channels = math.max (channels, region:to_audioregion ():n_channels ()) end
			end
			if channels > 0 then add (track:playlist (), route:name (), start, stop - start, channels) end
		end
		return pieces
	end

	-- What the track plays there, with fades, gains and layers of its regions, before its plugins; one channel, 32 bit float.
	local function write_recording (path, piece)
		local memory = ARDOUR.DSP.DspShm (4 * BLOCK_SAMPLES)
		local sum, one = memory:to_float (0), memory:to_float (BLOCK_SAMPLES)
		local file, reason = io.open (path .. ".part", "wb")
		if not file then fail ("The inbox cannot be written to: " .. reason, "The daemon makes it: backbeat run") end
		local bytes = 4 * piece.length
		file:write (string.pack ("<c4I4c4c4I4", "RIFF", 36 + bytes, "WAVE", "fmt ", 16))
		file:write (string.pack ("<I2I2I4I4I2I2c4I4", 3, 1, rate_hz, 4 * rate_hz, 4, 32, "data", bytes))
		for done = 0, piece.length - 1, BLOCK_SAMPLES do
			local count = math.min (BLOCK_SAMPLES, piece.length - done)
			ARDOUR.DSP.memset (sum, 0, count)
			for channel = 0, piece.channels - 1 do
				piece.playlist:read (one, memory:to_float (2 * BLOCK_SAMPLES), memory:to_float (3 * BLOCK_SAMPLES),
					Temporal.timepos_t (piece.start + done), Temporal.timecnt_t (count), channel)
				ARDOUR.DSP.mix_buffers_with_gain (sum, one, count, 1 / piece.channels)
			end
			local values = sum:get_table (count)
			for first = 1, count, PACKED_AT_ONCE do
				local last = math.min (first + PACKED_AT_ONCE - 1, count)
				file:write (string.pack ("<" .. ("f"):rep (last - first + 1), table.unpack (values, first, last)))
			end
		end
		file:close ()
		os.rename (path .. ".part", path)
	end

	-- The job ------------------------------------------------------------------------------------------------------------

	local function bpm_at (sample)
		return Temporal.TempoMap.read ():tempo_at (Temporal.timepos_t (sample)):to_tempo ():quarter_notes_per_minute ()
	end

	-- The answers that say how the job ended, or nil while it is under way.
	local function ending (answers)
		if not answers:find ('"event": "ended"', 1, true) then return nil end
		local midi = json_text (answers:match ('{"event": "done"[^\n]*') or "", "midi")
		if midi then return midi end
		if answers:find ('"event": "no_daemon"', 1, true) then
			fail ("The Backbeat daemon is not running.", "Start it in a terminal: backbeat run")
		end
		local bad = answers:match ('{"event": "failed"[^\n]*') or answers:match ('{"event": "error"[^\n]*') or ""
		fail (json_text (bad, "message") or "The job was cancelled.")
	end

	-- Stop the job, which gets its name a moment after it was asked for, and wait until it no longer reads the recording.
	local function cancel (program, answers_path)
		local until_s = now_s () + STOP_WITHIN_S
		local asked = false
		while now_s () < until_s do
			local answers = content (answers_path) or ""
			if answers:find ('"event": "ended"', 1, true) then return end
			local job = json_text (answers, "job")
			if job and not asked then os.forkexec (program, "jobs", "cancel", job) end
			asked = job ~= nil
			ARDOUR.LuaAPI.usleep (LOOK_EVERY_US)
		end
	end

	-- Have the daemon transcribe the recording; returns the MIDI file. The window stays alive meanwhile.
	local function transcribe (program, recording, answers_path, bpm, label)
		local settings = { "--lead-in", "0", "--host-bpm", ("%.6f"):format (bpm) }
		os.forkexec (program, "send", recording, "--wait", "--answers", answers_path, table.unpack (settings))
		local asked_s = now_s ()
		while true do
			local answers = content (answers_path)
			if not answers and now_s () - asked_s > START_WITHIN_S then
				fail ("The backbeat command did not start: " .. program, "Run `backbeat install ardour` in a terminal.")
			end
			local midi = ending (answers or "")
			if midi then return midi end
			local newest = (answers or ""):match ('.*({"event": "progress"[^\n]*)\n') or ""
			local words = IN_WORDS[json_text (newest, "stage") or ""] or "asking Backbeat"
			if window:progress (json_number (newest, "fraction") or 0, label .. ": " .. words) then
				cancel (program, answers_path)
				fail ()
			end
			ARDOUR.LuaAPI.usleep (LOOK_EVERY_US)
		end
	end

	-- Back into the session ----------------------------------------------------------------------------------------------

	-- The selected MIDI track, else a new one of that name.
	local function midi_track (name)
		local routes = Editor:get_selection ().tracks:routelist ()
		for route in routes:iter () do
			local track = route:to_track ()
			if not track:isnil () and not track:to_midi_track ():isnil () then return track end
		end
		local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
		local made = Session:new_midi_track (midi, midi, true, ARDOUR.PluginInfo (), nil, nil, 1, name,
			ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
		return made:front ():to_track ()
	end

	local function regions_by_id ()
		local found, regions = {}, ARDOUR.RegionFactory.regions ()
		for id, region in regions:iter () do found[id:to_s ()] = region end
		return found
	end

	-- The file as a region on the track. (Ardour imports into a track by itself only where that is the first that is selected.)
	local function import (midi, start, track)
		local before, files = regions_by_id (), C.StringVector ()
		files:push_back (midi)
		Editor:do_import (files, Editing.ImportDistinctFiles, Editing.ImportAsRegion, ARDOUR.SrcQuality.SrcBest,
			ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
			Temporal.timepos_t (start), ARDOUR.PluginInfo (), ARDOUR.Track (), false)
		for id, whole in pairs (regions_by_id ()) do
			if not before[id] then
				local region = ARDOUR.RegionFactory.clone_region (whole, true, false)
				track:playlist ():add_region (region, Temporal.timepos_t (start), 1, false, 0, 0, false)
				return region:to_midiregion ()
			end
		end
		fail ("Ardour did not import " .. midi, "Drag the file onto a MIDI track.")
	end

	local function ticks (beats)
		local quarters, rest = beats:str ():match ("^(-?%d+):(%d+)$")
		return tonumber (quarters) * TICKS_PER_QUARTER + tonumber (rest)
	end

	local function beats (count)
		return Temporal.Beats (count // TICKS_PER_QUARTER, count % TICKS_PER_QUARTER)
	end

	-- Where the session's tempo is not the file's all the way, put every note back on its stroke. bpm: the file's tempo.
	local function put_on_the_audio (region, start, bpm)
		local map, model = Temporal.TempoMap.read (), region:model ()
		local origin = ticks (map:quarters_at_sample (start))
		local command, strays = model:new_note_diff_command ("Backbeat"), false
		local notes, last = ARDOUR.LuaAPI.note_list (model), 0
		for note in notes:iter () do
			local at = ticks (note:time ())
			local wanted = start + at / TICKS_PER_QUARTER * 60 / bpm * rate_hz
			strays = strays or math.abs (map:sample_at_beats (beats (origin + at)) - wanted) > NEAR_S * rate_hz
			local moved = math.max (0, ticks (map:quarters_at_sample (math.floor (wanted + 0.5))) - origin)
			last = math.max (last, moved + ticks (note:length ()))
			command:remove (note)
			command:add (ARDOUR.LuaAPI.new_noteptr (note:channel (), beats (moved), note:length (), note:note (), note:velocity ()))
		end
		if not strays then return end
		model:apply_command (Session, command)
		local needed = map:sample_at_beats (beats (origin + last)) - start
		if needed > region:length ():samples () then region:set_length (Temporal.timecnt_t (needed)) end
	end

	-- All of it ----------------------------------------------------------------------------------------------------------

	local function do_piece (program, inbox, number, piece)
		local stem = ARDOUR.LuaAPI.build_filename (inbox, ("ardour-%d-%d"):format (os.time (), number))
		local recording, answers = stem .. ".wav", stem .. ".answers.jsonl"
		local bpm = math.max (BPM_MIN, math.min (bpm_at (piece.start), BPM_MAX))
		local ok, result = pcall (function ()
			write_recording (recording, piece)
			return transcribe (program, recording, answers, bpm, piece.name)
		end)
		os.remove (recording)
		os.remove (answers)
		if not ok then error (result, 0) end
		put_on_the_audio (import (result, piece.start, midi_track (piece.name .. " drums")), piece.start, bpm)
	end

	local function do_all ()
		local pieces = selected_pieces ()
		if #pieces == 0 then
			fail ("Nothing is selected that could be transcribed.", "Select an audio region, or a range on an audio track.")
		end
		say (0, "asking Backbeat")
		local program = find_program ()
		local inbox = find_inbox (program)
		for number, piece in ipairs (pieces) do do_piece (program, inbox, number, piece) end
	end

	window = LuaDialog.ProgressWindow ("Backbeat", true)
	local ok, problem = pcall (do_all)
	window:done ()
	if ok then return end
	if type (problem) ~= "table" then problem = { message = tostring (problem) } end
	if not problem.message then return end
	local words = problem.message .. (problem.advice and "\n\n" .. problem.advice or "")
	LuaDialog.Message ("Backbeat", words, LuaDialog.MessageType.Error, LuaDialog.ButtonType.Close):run ()
end end
