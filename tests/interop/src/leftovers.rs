//! Removes shared memory that this process made and that is still there: what
//! threads of `ll_mp` own when the process ends, and every name of its mmap
//! provider, which removes none itself. Who is attached stays attached.

use std::{fs, path::Path, ptr};

pub fn remove() {
    remove_sysv();
    remove_names();
}

/// /proc/sysvipc/shm names each segment's creator.
fn remove_sysv() {
    let Ok(table) = fs::read_to_string("/proc/sysvipc/shm") else {
        return;
    };
    let own = std::process::id().to_string();
    for row in table.lines().skip(1) {
        let fields: Vec<&str> = row.split_whitespace().collect();
        if let [_key, id, _perms, _size, creator, ..] = fields[..]
            && creator == own
            && let Ok(id) = id.parse()
        {
            // SAFETY: IPC_RMID reads no buffer, and an id that is gone is an error that is ignored.
            unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
        }
    }
}

/// The mmap provider's names start with `libafl_` and the process id.
fn remove_names() {
    let folder = Path::new("/dev/shm");
    let prefix = format!("libafl_{}_", std::process::id());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
