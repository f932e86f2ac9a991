-- @noindex
-- What went wrong in words for a musician: {message =, advice =}. Everything else that is raised is a mistake of ours.

local problem = {}

local Problem = {}
Problem.__index = Problem
Problem.__tostring = function(self) return self.message end

function problem.new(message, advice)
  return setmetatable({ message = message, advice = advice or "" }, Problem)
end

-- Raises it; the caller tells the user, or gives up one of several jobs.
function problem.raise(message, advice)
  error(problem.new(message, advice), 0)
end

function problem.is(value)
  return getmetatable(value) == Problem
end

-- true and the function's values, or false and a problem; other errors become one, with where they came from.
function problem.catch(body, ...)
  local results = table.pack(xpcall(body, function(raised)
    if problem.is(raised) then return raised end
    return problem.new(
      "The Backbeat script made a mistake: " .. tostring(raised),
      "Please report it with this text:\n" .. debug.traceback()
    )
  end, ...))
  return table.unpack(results, 1, results.n)
end

-- Message and advice in one text.
function problem.in_words(it)
  return it.advice == "" and it.message or it.message .. "\n" .. it.advice
end

return problem
