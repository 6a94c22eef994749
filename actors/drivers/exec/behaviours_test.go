package exec_test

import (
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// onPoll answers all as usual but a poll, and onAct but what acts.
func onPoll(do func(q question, c conversation)) func(question, conversation) {
	return func(q question, c conversation) {
		if q.Op == "poll" {
			do(q, c)
			return
		}
		q.usual()
	}
}

func onAct(do func(q question, c conversation)) func(question, conversation) {
	return func(q question, c conversation) {
		if q.Op == "write" || q.Op == "command" {
			do(q, c)
			return
		}
		q.usual()
	}
}

// polling says each poll's answer.
func polling(answer string) func(question, conversation) {
	return onPoll(func(q question, _ conversation) { say("%s", strings.ReplaceAll(answer, "ID", fmt.Sprint(q.ID))) })
}

// acting says each action's answer.
func acting(answer string) func(question, conversation) {
	return onAct(func(q question, _ conversation) { say("%s", strings.ReplaceAll(answer, "ID", fmt.Sprint(q.ID))) })
}

func opening(answer string) func(question, conversation) {
	return func(q question, _ conversation) { say("%s", strings.ReplaceAll(answer, "ID", fmt.Sprint(q.ID))) }
}

// pushing is a behaviour of one who said that he pushes.
func pushing(do func(question, conversation)) func(question, conversation) {
	return func(q question, c conversation) {
		pushes = true
		do(q, c)
	}
}

var behaviours map[string]func(question, conversation)

func init() { // they refer to each other
	behaviours = map[string]func(question, conversation){
		"usual":        func(q question, _ conversation) { q.usual() },
		"garbage":      polling(`level is 3`),
		"wrong-id":     polling(`{"id":77,"values":{"level":3}}`),
		"no-id":        polling(`{"values":{"level":3}}`),
		"zero-id":      polling(`{"id":0,"values":{"level":3}}`),
		"twice":        pushing(polling(`{"id":ID,"values":{"level":3}}` + "\n" + `{"id":ID,"values":{"level":4}}`)),
		"two-things":   polling(`{"id":ID,"ok":true,"refused":"no"}`),
		"nothing":      polling(`{"id":ID}`),
		"two-objects":  polling(`{"id":ID,"values":{}} {"id":ID,"values":{}}`),
		"half":         onPoll(func(q question, _ conversation) { fmt.Printf(`{"id":%d,"values":{"lev`, q.ID); syscall.Exit(0) }),
		"typo":         polling(`{"id":ID,"vaules":{"level":3}}`),
		"no-resource":  polling(`{"id":ID,"values":{"lvl":3}}`),
		"no-utf8":      polling("{\"id\":ID,\"values\":{\"level\":\"\xff\"}}"),
		"no-quality":   polling(`{"id":ID,"values":{"level":{"value":3,"quality":"superb"}}}`),
		"no-reason":    polling(`{"id":ID,"values":{"level":{"value":3,"reason":"mood"}}}`),
		"no-time":      polling(`{"id":ID,"values":{"level":{"value":3,"time":1790000000000}}}`),
		"poll-refused": polling(`{"id":ID,"refused":"asleep"}`),
		"poll-error":   polling(`{"id":ID,"error":"asleep"}`),
		"long":         onPoll(func(question, conversation) { say("%s", strings.Repeat("x", 2<<20)) }),
		"endless": onPoll(func(question, conversation) {
			for {
				fmt.Print(strings.Repeat("x", 1<<16))
			}
		}),
		"exit": onPoll(func(question, conversation) { fmt.Fprintln(os.Stderr, "no such port"); syscall.Exit(3) }),
		"mute": onPoll(func(question, conversation) { _ = os.Stdout.Close(); hang() }),
		"echo": echo,
		"rich": polling(`{"id":ID,"values":{"level":18446744073709551615,"sign":-9223372036854775808,"name":"Kessel","raw":"AQI=","on":true,` +
			`"x":{"value":0.5,"quality":"uncertain","reason":"sensor_fault","code":17,"time":1790000000.25}}}`),
		"poor": polling(`{"id":ID,"values":{"level":null,"sign":1.5,"name":3,"raw":"???","on":"yes","x":{"quality":"bad"}}}`),

		"refused":     acting(`{"id":ID,"refused":"the lid is open"}`),
		"not-sent":    acting(`{"id":ID,"not_sent":"the port is closed"}`),
		"error":       acting(`{"id":ID,"error":"no answer"}`),
		"answers":     acting(`{"id":ID,"ok":true,"values":{"was":7,"name":"old"}}`),
		"bad-answer":  acting(`{"id":ID,"ok":true,"values":{"was":[7]}}`),
		"act-garbage": acting(`done!`),
		"act-exit":    onAct(func(question, conversation) { syscall.Exit(0) }),
		"act-ok-exit": onAct(func(q question, _ conversation) { q.usual(); syscall.Exit(0) }),
		"act-hang":    onAct(func(question, conversation) { hang() }),
		"act-echo": onAct(func(q question, _ conversation) {
			said, _ := json.Marshal(q.line)
			say(`{"id":%d,"ok":true,"values":{"said":%s}}`, q.ID, said)
		}),
		"act-count": onAct(countAct),

		"open-refused": opening(`{"id":ID,"refused":"no such port"}`),
		"open-neither": opening(`{"id":ID,"ok":true,"polls":false}`),
		"open-hang":    func(question, conversation) { hang() },
		"open-exit":    func(question, conversation) { fmt.Fprintln(os.Stderr, "no module named serial"); syscall.Exit(1) },

		"slow":  onPoll(slow),
		"stays": stays,
		"forks": forks,
		"deadline": onPoll(func(q question, _ conversation) {
			say(`{"id":%d,"values":{"level":%d,"sign":%d}}`, q.ID, q.Ms, q.Until)
		}),
		"environment": onPoll(tellEnvironment),
		"opened":      tellOpened,
		"complains":   onPoll(complain),
		"deaf":        deaf,
		"pushes":      pushing(pushAfterOpen),
		"both": pushing(onPoll(func(q question, _ conversation) {
			say(`{"push":{"level":0}}`)
			say(`{"id":%d,"values":{"level":%[1]d}}`, q.ID)
			say(`{"push":{"level":1}}`)
		})),
		"floods": pushing(flood),
	}
}

// countAct writes what it is asked to a file, and gives no answer.
func countAct(q question, _ conversation) {
	f, err := os.OpenFile(os.Args[3], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(f, q.line)
	_ = f.Close()
	hang()
}

// echo says what it was opened with, on both ways.
func echo(q question, c conversation) {
	line := q.line
	q.usual()
	if _, ok := c.next(); ok {
		fmt.Fprintln(os.Stderr, line)
		say("%s", line)
		hang()
	}
}

// slow answers the first poll late.
func slow(q question, _ conversation) {
	if q.ID == 2 {
		<-time.After(400 * time.Millisecond)
		say(`{"id":2,"values":{"level":99}}`)
		return
	}
	q.usual()
}

// stays does not end when it should: neither with its input nor at SIGTERM.
func stays(q question, c conversation) {
	signal.Ignore(syscall.SIGTERM)
	q.usual()
	for {
		q, ok := c.next()
		if !ok {
			hang()
		}
		q.usual()
	}
}

// forks leaves a process of its own, which holds its output open. The level is that one's number.
func forks(q question, c conversation) {
	child := osexec.Command(os.Args[0], "behave", "stays")
	in, _ := child.StdinPipe()
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		panic(err)
	}
	_ = in // stays open
	q.usual()
	for {
		q, ok := c.next()
		if !ok {
			return
		}
		say(`{"id":%d,"values":{"level":%d}}`, q.ID, child.Process.Pid)
	}
}

func tellEnvironment(q question, _ conversation) {
	text := strings.Join(os.Environ(), "\n")
	say(`{"id":%d,"values":{"name":%q}}`, q.ID, text)
}

// tellOpened answers polls with what it was opened with.
func tellOpened(q question, c conversation) {
	line := q.line
	q.usual()
	for {
		q, ok := c.next()
		if !ok {
			return
		}
		say(`{"id":%d,"values":{"name":%q}}`, q.ID, line)
	}
}

// complain says much on the standard error.
func complain(q question, _ conversation) {
	fmt.Fprintln(os.Stderr, strings.Repeat("long ", 10_000))
	for i := range 1000 {
		fmt.Fprintln(os.Stderr, "line", i)
	}
	q.usual()
}

// deaf answers open, and reads nothing more.
func deaf(q question, _ conversation) {
	q.usual()
	hang()
}

func pushAfterOpen(q question, _ conversation) {
	q.usual()
	if q.Op == "open" {
		for i := range 3 {
			say(`{"push":{"level":%d}}`, i)
		}
		syscall.Exit(0)
	}
}

func flood(q question, _ conversation) {
	q.usual()
	if q.Op == "open" {
		go func() {
			for i := 0; ; i++ {
				say(`{"push":{"level":%d}}`, i)
			}
		}()
	}
}
