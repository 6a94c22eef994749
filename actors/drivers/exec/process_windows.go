package exec

import (
	"os"
	osexec "os/exec"
	"syscall"
)

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func awaitEnd(cmd *osexec.Cmd) { _ = cmd.Wait() } // the state says how it ended

func termGroup(*os.Process)   {}               // there is no such thing: killGroup comes next
func killGroup(p *os.Process) { _ = p.Kill() } // what it started goes on
