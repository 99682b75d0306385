-- Looks for a text in the documents that no worker has taken yet, the next ones first; changes
-- nothing.
-- KEYS the upstream lists
-- ARGV 1 queue  2 the text  3 most documents of each list  4 longest document (bytes)
--      5 most bytes that are read
-- Returns {list, how many are taken before it, document} for each that has the text, at most 10.
local found, bytes = {}, 0
local lists = {STAGE_OF .. ARGV[1]}
for _, key in ipairs(KEYS) do lists[#lists + 1] = key end
for _, list in ipairs(lists) do
  local before = 0
  while before < tonumber(ARGV[3]) and bytes < tonumber(ARGV[5]) and #found < 10 do
    local page = redis.call('LRANGE', list, -before - 20, -before - 1)
    for i = #page, 1, -1 do
      bytes = bytes + #page[i]
      if #page[i] <= tonumber(ARGV[4]) and #found < 10 and string.find(page[i], ARGV[2], 1, true)
      then
        found[#found + 1] = {list, before + #page - i, page[i]}
      end
    end
    if #page < 20 then break end
    before = before + #page
  end
end
return found
