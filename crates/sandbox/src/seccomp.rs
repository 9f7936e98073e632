//! The system call filters of a room, as the bytes bubblewrap loads.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

use crate::syscalls::{ALLOWED, ALLOWED_HERE, REFUSED};

/// Flags of `clone` that make namespaces (linux/sched.h). `CLONE_NEWTIME` is
/// not among them: its bit means something else to `clone`.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// Calls numbered from here on are those of the x32 ABI (asm/unistd.h,
/// `__X32_SYSCALL_BIT`): the same architecture to a filter, other numbers.
const X32: u32 = 0x4000_0000;

/// The user and group that everything in a room is: see `walls::USER`.
const USER: u64 = 1000;

/// Why no filter could be made.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// This processor has no table.
    #[error("rooms run on x86-64 and 64-bit ARM, not on `{0}`")]
    Architecture(&'static str),
    /// The tables do not fit together.
    #[error("the system call filter could not be made: {0}")]
    Filter(#[from] seccompiler::BackendError),
}

/// The two programs of a room, in the order in which they are loaded. The
/// kernel asks the one loaded last first, and the stricter answer counts.
pub(crate) fn programs() -> Result<[Vec<u8>; 2], FilterError> {
    let arch = std::env::consts::ARCH;
    let target = TargetArch::try_from(arch).map_err(|_| FilterError::Architecture(arch))?;
    let allowed = SeccompFilter::new(
        ALLOWED.iter().chain(ALLOWED_HERE).map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Errno(errno(libc::ENOSYS)),
        SeccompAction::Allow,
        target,
    )?;
    let refused = SeccompFilter::new(
        refusals()?,
        SeccompAction::Allow,
        SeccompAction::Errno(errno(libc::EPERM)),
        target,
    )?;
    Ok([bytes(&without_x32(allowed.try_into()?)), bytes(&without_x32(refused.try_into()?))])
}

fn errno(number: libc::c_int) -> u32 {
    number.unsigned_abs()
}

fn refusals() -> Result<BTreeMap<i64, Vec<SeccompRule>>, FilterError> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let when = |argument, length, comparison, value: u64| {
        SeccompRule::new(vec![SeccompCondition::new(argument, length, comparison, value)?])
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|(call, _)| (*call, Vec::new())).collect();
    // A rule per flag: "any of these bits" is not one comparison.
    let mut clone = Vec::new();
    for bit in (0..64).map(|shift| 1_u64 << shift).filter(|bit| NAMESPACES & bit != 0) {
        clone.push(when(0, Qword, MaskedEq(bit), bit)?);
    }
    rules.insert(libc::SYS_clone, clone);
    let unix = u64::from(libc::AF_UNIX.unsigned_abs());
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        rules.insert(call, vec![when(0, Dword, Ne, unix)?]);
    }
    let usual = u64::from(libc::SCHED_OTHER.unsigned_abs());
    rules.insert(libc::SYS_sched_setscheduler, vec![when(1, Dword, Ne, usual)?]);
    for call in [libc::SYS_setuid, libc::SYS_setgid] {
        rules.insert(call, vec![when(0, Dword, Ne, USER)?]);
    }
    // A limit on dumps that is not 1 lets the machine's collector of crashes have
    // them (`process_limits`).
    let core = u64::from(libc::RLIMIT_CORE);
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![
            SeccompCondition::new(1, Dword, Eq, core)?,
            SeccompCondition::new(2, Qword, Ne, 0)?,
        ])?],
    );
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_setrlimit, vec![when(0, Dword, Eq, core)?]);
    // The kernel looks at the lower 32 bits of an ioctl only, so the filter does too.
    rules.insert(
        libc::SYS_ioctl,
        vec![when(1, Dword, Eq, libc::TIOCSTI)?, when(1, Dword, Eq, libc::TIOCLINUX)?],
    );
    Ok(rules)
}

/// Puts the end of a process that makes an x32 call before everything else.
/// `seccompiler` ends calls of other architectures, of which x32 is none.
fn without_x32(program: BpfProgram) -> BpfProgram {
    let load_number = sock_filter {
        code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS).try_into().unwrap_or_default(),
        jt: 0,
        jf: 0,
        k: 0,
    };
    let is_x32 = sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K).try_into().unwrap_or_default(),
        jt: 0,
        jf: 1,
        k: X32,
    };
    let kill = sock_filter {
        code: (libc::BPF_RET | libc::BPF_K).try_into().unwrap_or_default(),
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_KILL_PROCESS,
    };
    // Jumps are relative: what follows does not mind.
    let mut guarded = vec![load_number, is_x32, kill];
    guarded.extend(program);
    guarded
}

/// `struct sock_filter` as the kernel reads it: 16, 8, 8, 32 bits, native order.
fn bytes(program: &[sock_filter]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(program.len() * 8);
    for instruction in program {
        bytes.extend_from_slice(&instruction.code.to_ne_bytes());
        bytes.extend_from_slice(&[instruction.jt, instruction.jf]);
        bytes.extend_from_slice(&instruction.k.to_ne_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_both_allowed_and_refused() {
        for (call, _) in REFUSED {
            assert!(!ALLOWED.contains(call) && !ALLOWED_HERE.contains(call), "call {call}");
        }
    }

    #[test]
    fn the_user_who_may_be_set_is_the_rooms() {
        assert_eq!(USER.to_string(), crate::walls::USER);
    }

    #[test]
    fn the_programs_fit_the_kernel() {
        for program in programs().unwrap() {
            // BPF_MAXINSNS of linux/bpf_common.h.
            assert!(program.len() % 8 == 0 && program.len() / 8 <= 4096);
        }
    }
}
