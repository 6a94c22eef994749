package exec_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"testing"

	"github.com/roost-iot/roost/actors"
)

// BenchmarkPolls polls a value of a program with each question: raw is a bare loop that writes and reads the same bytes on the pipes of the
// same program, and looks at none of them.
func BenchmarkPolls(b *testing.B) {
	b.Run("raw", func(b *testing.B) {
		self, err := os.Executable()
		if err != nil {
			b.Fatal(err)
		}
		program := osexec.Command(self, "behave", "usual")
		in, err := program.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		out, err := program.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := program.Start(); err != nil {
			b.Fatal(err)
		}
		lines := bufio.NewReader(out)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := io.WriteString(in, `{"op":"poll","id":2,"ms":5000,"until":1790000005000,"resources":["level"]}`+"\n"); err != nil {
				b.Fatal(err)
			}
			if _, err := lines.ReadSlice('\n'); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "polls/s")
		_ = in.Close()
		if err := program.Wait(); err != nil {
			b.Error(err)
		}
	})
	b.Run("driver", func(b *testing.B) {
		driver, d := behaving(b, "usual", "")
		s := opened(b, driver, d)
		names := []string{"level"}
		b.ReportAllocs()
		for b.Loop() {
			if samples, err := s.(actors.Poller).Poll(b.Context(), names); err != nil || len(samples) != 1 {
				b.Fatal(samples, err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "polls/s")
	})
}

// BenchmarkOpen opens and closes a program.
func BenchmarkOpen(b *testing.B) {
	driver, d := behaving(b, "usual", "")
	for b.Loop() {
		s, err := driver.Open(b.Context(), d)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(b.Context()); err != nil {
			b.Fatal(fmt.Errorf("close: %w", err))
		}
	}
}
