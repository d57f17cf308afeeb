//! `ovn-northd explain`: why a logical flow is there.

use std::ffi::OsString;

use lexopt::Parser;
use northd_core::explain::{Only, Wanted, explain};
use northd_core::flow::Stage;
use ovn_schemas::Db;
use ovn_service::args::{remotes, tls_files};
use ovn_service::{Database, Service};
use ovsdb_daemon::options::{self, LogOptions, TlsOptions, Token, error_text};

use crate::OvnNorthd;
use crate::contents;
use crate::look::{Trouble, print};

const HELP: &str = "\
ovn-northd explain: tell why a logical flow is there
usage: ovn-northd explain --nb=NB-FILE [--sb=SB-FILE] [OPTIONS] WHAT
       ovn-northd explain [--ovnnb-db=DATABASE] [--ovnsb-db=DATABASE] [OPTIONS] WHAT

WHAT is one of
  a flow's uuid, or eight or more of its first digits, as ovn-sbctl lflow-list
  and ovn-trace print them; an OpenFlow cookie, with 0x, zeros cut off;
  a northbound row's uuid or its first digits: every flow that is made for it;
  a match, as it stands in the flow; or, where no flow has exactly that, a part
  of matches or actions.

For each flow it prints the stage with its section of ovn-northd(8), the
northbound row that the flow is made for and whose row that is, the derivation
in northd that made it and out of what, and the line of source. A southbound
flow that nothing asks for is told as such. Databases are only read.

Options:
  --nb=NB-FILE              take the northbound rows from a file
  --sb=SB-FILE              take the southbound rows from a file; without it the
                            uuids are those that this ovn-northd gives
  --ovnnb-db=DATABASE       ask the server there
                            (default: OVN_NB_DB, or the local socket)
  --ovnsb-db=DATABASE       likewise
  --datapath=NAME           only flows of this switch or router
  --stage=NAME              only flows of this stage, as ls_in_acl_eval
  -h, --help                display this help message

Exit status: 0, 1 where there is no such flow, 2 in trouble.
";

/// Runs the command; `words` follow its name.
pub fn run(words: Vec<OsString>) -> Result<i32, Trouble> {
    const OWN: [&str; 7] = [
        "nb=",
        "sb=",
        "ovnnb-db=",
        "ovnsb-db=",
        "datapath=",
        "stage=",
        "help",
    ];
    let names: Vec<&str> = OWN
        .into_iter()
        .chain(TlsOptions::NAMES)
        .chain(LogOptions::NAMES)
        .collect();
    let words = options::complete(words, &names, TlsOptions::SHORTS)?;
    let mut parser = Parser::from_args(words);
    let (mut nb, mut sb, mut wanted) = (None, None, None);
    let [mut nb_remote, mut sb_remote] = [Database::NORTHBOUND.default(), Database::SOUTHBOUND.default()];
    let (mut only, mut tls, mut log) = (Only::default(), TlsOptions::default(), LogOptions::default());
    while let Some(token) = Token::next(&mut parser).map_err(error_text)? {
        if tls.accept(&token, &mut parser).map_err(error_text)?
            || log
                .accept(&token, &mut parser, OvnNorthd::NAME)
                .map_err(error_text)?
        {
            continue;
        }
        let name = match &token {
            Token::Value(value) if wanted.is_none() => {
                wanted = Some(value.to_string_lossy().into_owned());
                continue;
            }
            Token::Short('h') => "help",
            Token::Long(name) => name,
            _ => return Err(token.unrecognized().into()),
        };
        let mut value = || parser.value().map(|value| value.to_string_lossy().into_owned());
        match name {
            "help" => return print(HELP, None),
            "nb" => nb = Some(value().map_err(error_text)?),
            "sb" => sb = Some(value().map_err(error_text)?),
            "ovnnb-db" => nb_remote = value().map_err(error_text)?,
            "ovnsb-db" => sb_remote = value().map_err(error_text)?,
            "datapath" => only.datapath = Some(value().map_err(error_text)?),
            "stage" => {
                let name = value().map_err(error_text)?;
                only.stage = Some(Stage::named(&name).ok_or_else(|| format!("{name}: no stage"))?);
            }
            _ => return Err(token.unrecognized().into()),
        }
    }
    let wanted = wanted.ok_or("WHAT is missing: see ovn-northd explain --help")?;
    let [nb, sb] = match (nb, sb) {
        (Some(nb), sb) => {
            let sb = sb.map_or(Ok(Vec::new()), |sb| contents::file(Db::OvnSouthbound, &sb));
            [contents::file(Db::OvnNorthbound, &nb)?, sb?]
        }
        (None, Some(_)) => return Err("--sb needs --nb".into()),
        (None, None) => contents::served(
            remotes("--ovnnb-db", &nb_remote)?,
            remotes("--ovnsb-db", &sb_remote)?,
            tls_files(tls),
        )?,
    };
    let northd = contents::northd(&nb, &sb);
    let found = explain(&northd, &Wanted::parse(&wanted), &only);
    if found.is_empty() {
        eprintln!("{}: no flow is or has {wanted}", OvnNorthd::NAME);
        return Ok(1);
    }
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    print(&texts.join("\n"), None)
}
