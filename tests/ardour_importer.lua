ardour { ["type"] = "SessionInit", name = "Backbeat test",
	description = [[Imports a MIDI file with its tempo map and tells what came of it]] }

function factory ()

local function import_and_tell (folder, out)
	local files = C.StringVector ()
	files:push_back (folder .. "/in.mid")
	Editor:do_import (files,
		Editing.ImportDistinctFiles, Editing.ImportAsTrack, ARDOUR.SrcQuality.SrcBest,
		ARDOUR.MidiTrackNameSource.SMFTrackName, ARDOUR.MidiTempoMapDisposition.SMFTempoUse,
		Temporal.timepos_t (0), ARDOUR.PluginInfo (), ARDOUR.Track (), false)

	local map = Temporal.TempoMap.read ()
	for bar = 1, 2000 do
		local at = Temporal.BBT_TIME (bar, 1, 0)
		local meter = map:meter_at_bbt (Temporal.BBT_TIME (bar, 2, 0))
		local sample = map:sample_at_beats (map:quarters_at_bbt (at))
		out:write ("bar ", sample, " ", meter:divisions_per_bar (), "/", meter:note_value (), "\n")
	end
	-- lists are kept in variables: Lua would throw them away while they are walked through
	local routes = Session:get_tracks ()
	for route in routes:iter () do
		out:write ("track ", route:name (), "\n")
		local regions = route:to_track ():playlist ():region_list ()
		for region in regions:iter () do
			local origin = region:position ():samples ()
			local model = region:to_midiregion ():model ()
			local notes = ARDOUR.LuaAPI.note_list (model)
			for note in notes:iter () do
				local sample = origin + map:sample_at_beats (note:time ())
				out:write ("note ", sample, " ", note:time ():str (), " ", note:note (), " ", note:velocity (), "\n")
			end
		end
	end
end

return function ()
	local folder = os.getenv ("ARDOUR_TEST_FOLDER")
	local out = io.open (folder .. "/out.part", "w")
	local good, reason = pcall (import_and_tell, folder, out)
	if not good then out:write ("error ", reason, "\n") end
	out:close ()
	os.rename (folder .. "/out.part", folder .. "/out.txt")
end end
