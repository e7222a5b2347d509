//! The Lua scripts that cases name. The folder does not hold them; these do what the cases expect of theirs.
//!
//! `match-log.lua` → a match and the log line `echo 123`.

/// File name and text.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("test.lua", "function main()\n    return nil\nend\n"),
    ("match.lua", "function main()\n    return \"a match\"\nend\n"),
    ("match-log.lua", "function main()\n    m.log(9, \"echo 123\")\n    return \"a match\"\nend\n"),
    ("match-ops.lua", "function main(\n"),
    ("setvar.lua", SET_VARIABLES),
    ("match-getvars-args.lua", COUNT_ARGUMENTS),
    ("match-getvar-transformation.lua", TRANSFORM),
    ("inspectFile-abcdef.lua", INSPECT_FILE),
];

/// Sets what the cases look at afterwards.
const SET_VARIABLES: &str = r#"
function main()
    for _, collection in ipairs({"tx", "ip", "global", "resource", "session", "user"}) do
        m.setvar(collection .. ".lua_set_var", "2")
    end
    return nil
end
"#;

/// A match unless every argument is there with its name and value.
const COUNT_ARGUMENTS: &str = r#"
function main()
    local seen = {}
    for _, arg in ipairs(m.getvars("ARGS", {})) do
        table.insert(seen, arg.name .. "=" .. arg.value)
    end
    if table.concat(seen, " ") == "ARGS:parm1=a ARGS:parm2=b" then
        return nil
    end
    return "not the arguments: " .. table.concat(seen, " ")
end
"#;

/// Says that all is well when transformations do their work.
const TRANSFORM: &str = r#"
function main()
    if m.getvar("tx.test", {"lowercase"}) == "felipe" and m.getvar("tx.test") == "FELIPE" then
        m.log(9, "Just fine.")
        return "just fine"
    end
    return nil
end
"#;

/// A match when the uploaded file holds `abcdef`.
const INSPECT_FILE: &str = r#"
function main(path)
    local file = io.open(path, "r")
    local text = file and file:read("*a")
    if file then file:close() end
    if text and text:find("abcdef", 1, true) then
        m.log(9, "Returning from lua script: abcdef")
        return "Returning from lua script: abcdef"
    end
    return nil
end
"#;
