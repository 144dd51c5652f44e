// An in-memory schema registry for live tests: franz-go's fake behind a port of the loopback interface, which the first
// line of output names.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
		err = http.Serve(listener, srfake.NewRegistry().Handler())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
