-- The document of a job without the text of its body: what says whose a message is that is too long
-- to be read; changes nothing.
-- ARGV 1 ticket  2 longest document that is looked into (bytes)  3 most bytes of the answer
-- Returns the rest, or '' where there is no such text, or too much beside it.
local document = redis.call('HGET', JOB_OF .. ARGV[1], 'document') or ''
if #document > tonumber(ARGV[2]) then return '' end
local _, from = string.find(document, '"body"%s*:%s*"')
-- A body ends in base64 or as JSON does, never in a backslash.
local _, to = string.find(document, '[^\\]"', from)
if not from or not to or from + #document - to > tonumber(ARGV[3]) then return '' end
return string.sub(document, 1, from) .. string.sub(document, to)
