//! Groups of next hops without their numbers: which number a group or a member has depends on the order of a hash
//! table in the packaged northd. A group is named by the packets it is for, a member by its place among the others,
//! sorted by what they do.

use std::collections::BTreeMap;

use northd_core::words::About;

/// The flows of a database, in words, and what is said about them.
type Flows = BTreeMap<String, About>;

/// Where a group is chosen for packets, and where its members take them.
const STAGES: [(&str, &str); 2] = [
    (" lr_in_ip_routing ", " lr_in_ip_routing_ecmp "),
    (" lr_in_policy ", " lr_in_policy_ecmp "),
];

const CHOOSES: &str = "reg8[0..15] = ";
const OF_GROUP: &str = "reg8[0..15] == ";
const MEMBER: &str = "reg8[16..31] = ";
const OF_MEMBER: &str = "reg8[16..31] == ";

/// The same flows, with names for numbers.
pub fn named(flows: Flows) -> Flows {
    let names = Names::of(&flows);
    let rename = |flow: String| names.rename(&flow).unwrap_or(flow);
    flows
        .into_iter()
        .map(|(flow, about)| (rename(flow), about))
        .collect()
}

/// Groups by datapath, place in [`STAGES`] and number.
type Group = (String, usize, String);

#[derive(Default)]
struct Names {
    groups: BTreeMap<Group, String>,
    members: BTreeMap<Group, Vec<(String, String)>>,
}

impl Names {
    fn of(flows: &Flows) -> Names {
        let mut names = Names::default();
        for flow in flows.keys() {
            for (place, (choice, taking)) in STAGES.iter().enumerate() {
                if let Some((datapath, rest)) = flow.split_once(choice)
                    && let Some(number) = number(rest, CHOOSES).filter(|_| rest.contains(MEMBER))
                {
                    let packets = rest.split(" -> ").next().unwrap_or_default();
                    let group = (datapath.to_owned(), place, number.to_owned());
                    let name = names.groups.entry(group).or_insert_with(|| packets.to_owned());
                    *name = packets.min(name.as_str()).to_owned();
                }
                if let Some((datapath, rest)) = flow.split_once(taking)
                    && let (Some(group), Some(member)) = (number(rest, OF_GROUP), number(rest, OF_MEMBER))
                {
                    let actions = rest.split(" -> ").last().unwrap_or_default();
                    let group = (datapath.to_owned(), place, group.to_owned());
                    let members = names.members.entry(group).or_default();
                    members.push((actions.to_owned(), member.to_owned()));
                }
            }
        }
        names.members.values_mut().for_each(|members| members.sort());
        names
    }

    fn rename(&self, flow: &str) -> Option<String> {
        STAGES.iter().enumerate().find_map(|(place, (choice, taking))| {
            let of = |datapath: &str, number: &str| (datapath.to_owned(), place, number.to_owned());
            if let Some((datapath, rest)) = flow.split_once(choice) {
                let group = of(datapath, number(rest, CHOOSES)?);
                let name = self.groups.get(&group)?;
                let (before, chosen) = flow.split_once(MEMBER)?;
                let before = before.replace(&format!("{CHOOSES}{}", group.2), &format!("{CHOOSES}<{name}>"));
                return Some(format!("{before}{MEMBER}{}", self.chosen(&group, chosen)));
            }
            let (datapath, rest) = flow.split_once(taking)?;
            let group = of(datapath, number(rest, OF_GROUP)?);
            let member = number(rest, OF_MEMBER)?;
            let name = self.groups.get(&group)?;
            let flow = flow.replace(&format!("{OF_GROUP}{}", group.2), &format!("{OF_GROUP}<{name}>"));
            Some(flow.replace(
                &format!("{OF_MEMBER}{member}"),
                &format!("{OF_MEMBER}<{}>", self.place(&group, member)),
            ))
        })
    }

    fn place(&self, group: &Group, member: &str) -> usize {
        let mut members = self.members.get(group).into_iter().flatten();
        members
            .position(|(_, number)| number == member)
            .unwrap_or(usize::MAX)
    }

    /// A choice with its members and fields sorted.
    fn chosen(&self, group: &Group, text: &str) -> String {
        let member = |number: &str| format!("<{}>", self.place(group, number));
        let lists = [("values=(", ")"), ("select(", ")"), ("", ";")];
        let list = lists.iter().find_map(|(start, end)| {
            let from = text.find(start)? + start.len();
            let list = &text[from..from + text[from..].find(end)?];
            list.starts_with(|c: char| c.is_ascii_digit())
                .then_some((from, list))
        });
        let Some((from, list)) = list else {
            return text.to_owned();
        };
        let mut members: Vec<String> = list.split(", ").map(member).collect();
        members.sort();
        let mut chosen = format!(
            "{}{}{}",
            &text[..from],
            members.join(", "),
            &text[from + list.len()..]
        );
        if let Some((before, rest)) = chosen.split_once("hash_fields=\"")
            && let Some((fields, after)) = rest.split_once('"')
        {
            let mut fields: Vec<&str> = fields.split(',').collect();
            fields.sort_unstable();
            chosen = format!("{before}hash_fields=\"{}\"{after}", fields.join(","));
        }
        chosen
    }
}

/// The number after a text.
fn number<'a>(flow: &'a str, after: &str) -> Option<&'a str> {
    let rest = flow.split_once(after)?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (end > 0 && &rest[..end] != "0").then_some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_matter() {
        let flows = |group: u8, one: u8, other: u8, fields: &str| {
            let flows = [
                format!(
                    "<r> lr_in_ip_routing 4 ip -> reg8[0..15] = {group}; reg8[16..31] = \
                     select(values=(1, 2); hash_fields=\"{fields}\");"
                ),
                format!("<r> lr_in_ip_routing_ecmp 100 reg8[0..15] == {group} && reg8[16..31] == {one} -> a"),
                format!(
                    "<r> lr_in_ip_routing_ecmp 100 reg8[0..15] == {group} && reg8[16..31] == {other} -> b"
                ),
            ];
            named(flows.into_iter().map(|flow| (flow, About::default())).collect())
        };
        assert_eq!(flows(1, 1, 2, "x,y"), flows(7, 2, 1, "y,x"));
        assert_ne!(flows(1, 1, 2, "x,y"), flows(1, 1, 3, "x,y"));
    }
}
