package exec

import "os"

// environment is what a program gets of the gateway's: where programs are, language, time zone, and folders. All else, passwords
// among it, is the gateway's own.
func environment(device string) []string {
	env := []string{"ROOST_DEVICE=" + device}
	for _, name := range []string{
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
		"SystemRoot", "SystemDrive", "PATHEXT", "COMSPEC", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramData",
	} {
		if value, given := os.LookupEnv(name); given {
			env = append(env, name+"="+value)
		}
	}
	return env
}
