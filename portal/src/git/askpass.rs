//! What git runs when it needs a name or a password: a small script without any secret in it, in a folder that only we
//! may look into. It answers with what stands in its environment, and only where git asks for the host that the secret is
//! for: after a redirect elsewhere it says nothing.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Login, RemoteUrl};

/// git asks `Username for 'https://host': ` and `Password for 'https://name@host': `.
const SCRIPT: &str = "#!/bin/sh
case \"$1\" in
    \"Username for '$SLIPWAY_GIT_ORIGIN_SCHEME://$SLIPWAY_GIT_ORIGIN_HOST': \")
        printf '%s\\n' \"$SLIPWAY_GIT_USERNAME\" ;;
    \"Password for '$SLIPWAY_GIT_ORIGIN_SCHEME://\"*\"@$SLIPWAY_GIT_ORIGIN_HOST': \")
        printf '%s\\n' \"$SLIPWAY_GIT_SECRET\" ;;
    *) exit 1 ;;
esac
";

/// The variables by which git gets a login for `url`. The script is kept in `folder`, which must be ours alone.
pub(super) fn environment(folder: &Path, url: &RemoteUrl, login: &Login) -> io::Result<Vec<(&'static str, OsString)>> {
    let Some((scheme, host)) = url.origin() else { return Ok(Vec::new()) };
    Ok(vec![
        ("GIT_ASKPASS", script(folder)?.into()),
        ("SLIPWAY_GIT_ORIGIN_SCHEME", scheme.into()),
        ("SLIPWAY_GIT_ORIGIN_HOST", host.into()),
        ("SLIPWAY_GIT_USERNAME", login.username.as_str().into()),
        ("SLIPWAY_GIT_SECRET", login.secret.expose().into()),
    ])
}

fn script(folder: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(folder)?.join("askpass");
    if std::fs::read(&path).is_ok_and(|text| text == SCRIPT.as_bytes()) {
        return Ok(path);
    }
    // Under another name first: what is open for writing cannot be run.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(SCRIPT.as_bytes())?;
    let temporary = file.into_temp_path();
    std::fs::set_permissions(&temporary, PermissionsExt::from_mode(0o700))?;
    temporary.persist(&path)?;
    Ok(path)
}
