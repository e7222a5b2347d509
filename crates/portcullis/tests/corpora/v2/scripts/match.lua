-- Says a message and matches.
function main()
  m.log(1, "Test message.")
  return "Lua script matched."
end
