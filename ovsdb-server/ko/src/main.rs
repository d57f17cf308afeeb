//! The program `kubectl-ko`: `kubectl ko nb|sb|icnb|icsb status|kick|backup|dbstatus|restore`, the database half of
//! Kube-OVN's plugin, with its output and exit codes.
//!
//! In: words. Out: lines on stdout, an exit code. Two ways lead to the databases, one trait ([`way::Way`]): through
//! `kubectl` and the pods, as the plugin does ([`kubectl`]), or with `--address` through a server's management API,
//! where there is no Kubernetes ([`api`]). What is pure stands in [`args`], [`component`] and [`kube`].

mod api;
mod args;
mod component;
mod kube;
mod kubectl;
mod restore;
mod way;

use std::process::ExitCode;

use args::{Access, Asked};
use way::Failure;

fn main() -> ExitCode {
    let end = match args::parse(std::env::args_os().skip(1)) {
        Ok(asked) => run(asked),
        Err(error) => Err(Failure::Error(error)),
    };
    let failure = match end {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    match &failure {
        Failure::Said(text) => println!("{text}"),
        Failure::Exit(_) => {}
        Failure::Error(text) | Failure::Refused(text) => eprintln!("kubectl-ko: {text}"),
    }
    ExitCode::from(failure.code())
}

fn run(asked: Asked) -> Result<(), Failure> {
    match asked {
        Asked::Help => {
            print!("{}", args::HELP);
            Ok(())
        }
        Asked::Unknown => {
            print!("{}", args::HELP);
            Err(Failure::Exit(1))
        }
        Asked::Do {
            component,
            action,
            access,
        } => match *access {
            Access::Kubectl { namespace } => way::act(&mut kubectl::Kubectl { namespace }, component, action),
            Access::Api { address, tls } => way::act(&mut api::Api::new(address, tls)?, component, action),
        },
    }
}
