package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// duckDB is a DuckDB with the same sessions, which a small program of Node.js asks.
type duckDB struct {
	command *exec.Cmd
	folder  string // temporary
	in      *json.Encoder
	out     *bufio.Reader
	version string
}

// startDuckDB starts the program in a folder, and installs its packages where they are
// missing. The error says what is not there.
func startDuckDB(ctx context.Context, program string, log io.Writer) (*duckDB, error) {
	if program == "" {
		return nil, errors.New("it was not asked for")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("there is no %s here", tool)
		}
	}
	if _, err := os.Stat(filepath.Join(program, "node_modules")); err != nil {
		fmt.Fprintln(log, "installing DuckDB (npm ci)")
		install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = program
		if output, err := install.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm ci in %s: %w\n%s", program, err, output)
		}
	}
	folder, err := os.MkdirTemp("", "aiusage-bench-")
	if err != nil {
		return nil, err
	}
	d := &duckDB{folder: folder, command: exec.CommandContext(ctx, "node", filepath.Join(program, "run.mjs"), filepath.Join(folder, "duck.db"))}
	d.command.Stderr = os.Stderr
	in, err := d.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := d.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.in, d.out = json.NewEncoder(in), bufio.NewReader(out)
	if err := d.command.Start(); err != nil {
		return nil, err
	}
	var version struct{ Columns [][]string }
	if err := d.send("SELECT version()", &version); err != nil {
		d.close()
		return nil, err
	}
	d.version = version.Columns[0][0]
	return d, nil
}

func (d *duckDB) close() {
	if d == nil {
		return
	}
	d.command.Process.Kill()
	d.command.Wait()
	os.RemoveAll(d.folder)
}

// send has a statement run. It fills answer, if any, from the columns that it brings.
func (d *duckDB) send(statement string, answer any) error {
	_, err := d.run(statement, answer)
	return err
}

// run is send that also returns how long it took within DuckDB's program.
func (d *duckDB) run(statement string, answer any) (time.Duration, error) {
	if err := d.in.Encode(map[string]any{"sql": statement, "answer": answer != nil}); err != nil {
		return 0, fmt.Errorf("DuckDB has ended: %w", err)
	}
	line, err := d.out.ReadBytes('\n')
	if err != nil {
		return 0, fmt.Errorf("DuckDB has ended: %w", err)
	}
	var reply struct {
		Nanoseconds int64
		Error       string
	}
	if err := json.Unmarshal(line, &reply); err != nil {
		return 0, err
	}
	if reply.Error != "" {
		return 0, fmt.Errorf("DuckDB: %s: %s", reply.Error, statement)
	}
	if answer != nil {
		err = json.Unmarshal(line, answer)
	}
	return time.Duration(reply.Nanoseconds), err
}

// rows asks for the rows of an answer, in the columns of dialect.statements.
func (d *duckDB) rows(statement string) (rows []row, err error) {
	var reply struct{ Columns [6]json.RawMessage }
	if _, err := d.run(statement, &reply); err != nil {
		return nil, err
	}
	var texts [2][]string
	var numbers [4][]int64
	for i := range texts {
		err = errors.Join(err, json.Unmarshal(reply.Columns[i], &texts[i]))
	}
	for i := range numbers {
		err = errors.Join(err, json.Unmarshal(reply.Columns[i+2], &numbers[i]))
	}
	if err != nil {
		return nil, err
	}
	for i := range texts[0] {
		r := row{account: texts[0][i], customer: texts[1][i], day: numbers[0][i]}
		r.Minutes, r.Seconds, r.Sessions = numbers[1][i], numbers[2][i], numbers[3][i]
		rows = append(rows, r)
	}
	return ordered(rows), nil
}

// take gives DuckDB the sessions of a database, in a table of its own that is sorted by
// account and start. It returns how many.
func (d *duckDB) take(ctx context.Context, p *place) (int, error) {
	return d.takeBy(ctx, p, "TRUE", "CREATE TABLE sessions AS")
}

// takeMore gives DuckDB those sessions whose ids begin with a prefix, behind the others.
func (d *duckDB) takeMore(ctx context.Context, p *place, prefix string) error {
	_, err := d.takeBy(ctx, p, "session_id LIKE '"+prefix+"%'", "INSERT INTO sessions")
	return err
}

func (d *duckDB) takeBy(ctx context.Context, p *place, condition, into string) (int, error) {
	file := filepath.Join(d.folder, "sessions.csv")
	count, err := p.export(ctx, condition, file)
	if err != nil {
		return 0, err
	}
	defer os.Remove(file)
	for _, statement := range []string{
		into + ` SELECT * FROM read_csv('` + file + `', header = false, force_not_null = ['customer_id'], columns = {'account_id': 'VARCHAR', 'customer_id': 'VARCHAR',
			'started_at': 'TIMESTAMP', 'ai_minutes': 'INTEGER', 'duration_seconds': 'INTEGER'}) ORDER BY account_id, started_at`,
		"CHECKPOINT",
	} {
		if err := d.send(statement, nil); err != nil {
			return 0, err
		}
	}
	return count, nil
}

// export writes those sessions of a database that meet a condition to a file.
func (p *place) export(ctx context.Context, condition, name string) (count int, err error) {
	file, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	rows, err := p.pool.QueryContext(ctx, "SELECT account_id, COALESCE(customer_id, ''), started_at, ai_minutes, duration_seconds FROM ai_sessions WHERE "+condition)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	lines := csv.NewWriter(file)
	for ; rows.Next(); count++ {
		var account, customer string
		var at time.Time
		var minutes, seconds int64
		if err := rows.Scan(&account, &customer, &at, &minutes, &seconds); err != nil {
			return 0, err
		}
		lines.Write([]string{account, customer, at.Format("2006-01-02 15:04:05.000"), strconv.FormatInt(minutes, 10), strconv.FormatInt(seconds, 10)})
	}
	lines.Flush()
	return count, errors.Join(rows.Err(), lines.Error())
}
