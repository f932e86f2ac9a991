-- The JSON reader is strict and exact.

local bench = require("bench")
local equal, says, test = bench.equal, bench.says, bench.test

bench.start()
local json = require("backbeat.json")

test("values of every kind", function()
  equal(json.decode(' {"a": [1, -2.5, 1e3, 0, -0.5E-2], "b": {"c": true, "d": false}, "e": "", "f": [], "g": {}} '), {
    a = { 1, -2.5, 1e3, 0, -0.5e-2 }, b = { c = true, d = false }, e = "", f = {}, g = {},
  })
  equal(json.decode("null"), json.null)
  equal(math.type(json.decode("12")), "integer")
  equal(math.type(json.decode("12.0")), "float")
end)

test("texts with escapes, signs and surrogate pairs", function()
  equal(json.decode([["a\"\\\/\b\f\n\r\t\u00e9\ud83e\udd41é\u0000"]]), 'a"\\/\b\f\n\r\t\u{e9}\u{1f941}é\0')
end)

test("what is no JSON is refused, with the place", function()
  local wrong = {
    "", " ", "{", "[", "[1,]", "[1 2]", '{"a" 1}', '{"a": 1,}', "{a: 1}", "{'a': 1}", '{"a": 1 "b": 2}', "nul", "True", "01",
    "-", "1.", ".5", "1e", "+1", "0x10", "NaN", "Infinity", '"', '"\\x"', '"\\u12"', '"\\ud83e"', '"\\udd41"', '"\\ud83eabcdef"',
    '"a\nb"', "1 2", "{} x", "[1]]", '{"a": 1, "a": 2}', "\xff", '"\xc3"', "1-2", "12abc", ("["):rep(100) .. ("]"):rep(100),
  }
  for _, text in ipairs(wrong) do
    local value, mistake = json.decode(text)
    assert(value == nil, ("%q was taken"):format(text))
    says(mistake, "no JSON at byte")
  end
end)

test("what is written can be read again", function()
  local value = { a = { 1, 2.5, "x\n\"\\\1" }, b = { c = true, d = json.null }, e = 0.1, f = -3 }
  equal(json.decode(json.encode(value)), value)
  equal(json.encode({ b = 1, a = "é" }), '{"a": "é", "b": 1}')
  assert(not pcall(json.encode, { a = 0 / 0 }))
  assert(not pcall(json.encode, { a = print }))
end)

test("a result of ninety minutes is read within a second or two", function()
  local hit = '{"time": 1.234567, "instrument": "snare", "velocity": 0.75, "midi_velocity": 95, "confidence": 0.9, '
    .. '"bar": 1, "beat": 2.5}'
  local text = '{"hits": [' .. (hit .. ","):rep(39999) .. hit .. "]}"
  local start = os.clock()
  equal(#json.decode(text).hits, 40000)
  assert(os.clock() - start < 5, os.clock() - start)
end)

bench.run()
