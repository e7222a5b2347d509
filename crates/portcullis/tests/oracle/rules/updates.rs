//! Directives that change or remove rules that stand before them.

use super::Maker;

impl Maker<'_> {
    pub(super) fn update(&mut self) {
        let id = self.random.below(self.id) + 1;
        let targets = self.targets();
        let line = match self.random.below(15) {
            0 => format!("SecRuleRemoveById {id}"),
            1 => format!("SecRuleRemoveById \"{id}-{}\"", id + 1),
            2 => "SecRuleRemoveByTag t1".to_owned(),
            3 => "SecRuleRemoveByMsg ^m".to_owned(),
            4 => format!("SecRuleUpdateTargetById {id} \"!ARGS:a\""),
            5 => format!(
                "SecRuleUpdateTargetById {id} \"{}\"",
                targets
                    .join(",")
                    .replace('|', ",")
                    .replace("a,b", "a|b")
                    .replace("HTTP_", "REQUEST_HEADERS:")
            ),
            6 => "SecRuleUpdateTargetByTag t1 \"!ARGS,!REQUEST_HEADERS:/^x/\"".to_owned(),
            7 => format!("SecRuleUpdateTargetById {id} \"REQUEST_METHOD\" \"ARGS\""),
            8 => format!("SecRuleRemoveById {id} {}", id + 2),
            9 => format!("SecRuleRemoveById \"{},{id}-{}\"", id + 3, id + 1),
            10 => "SecRuleUpdateTargetByMsg ^m \"!ARGS:foo,!REQUEST_METHOD\"".to_owned(),
            11 => format!("SecRuleUpdateTargetById \"{id}-{}\" \"!ARGS:'/^[af]/'\"", id + 1),
            12 => format!("SecRuleUpdateTargetById {id} \"ARGS_NAMES,!ARGS_NAMES:a,&ARGS_GET\""),
            _ => {
                let actions = self.random.pick(&[
                    "pass",
                    "deny",
                    "nolog",
                    "t:none,t:lowercase",
                    "setvar:tx.upd=+1",
                    "msg:'new'",
                    "tag:'t9'",
                    "severity:1",
                    "status:404",
                    "block",
                    "log",
                    "skip:1",
                ]);
                // An update that does not say so takes a rule out of its chain there.
                let chain = if self.chained.contains(&id) { ",chain" } else { "" };
                format!("SecRuleUpdateActionById {id} \"{actions}{chain}\"")
            }
        };
        self.line(line);
    }
}
