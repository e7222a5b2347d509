-- Says a message at every debug level, and matches nothing.
function main()
  for level = 1, 9 do
    m.log(level, "Test message.")
  end
  return nil
end
