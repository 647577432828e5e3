;; Refuses a call whose body holds what looks like a credential: a key of OpenAI, Anthropic, AWS, GitHub or Slack, or a private
;; key. Written by hand, against the contract in EXTENSIONS.md and nothing else: what any language needs is in this file.
;;
;; It reads the envelope as bytes, which is enough for what it looks for: none of these has a character that JSON escapes.
(module
  (import "sluice" "log" (func $log (param $level i32) (param $ptr i32) (param $len i32)))
  (memory (export "memory") 2)

  ;; What is looked for, 20 bytes each: where its beginning stands and how long that is, how many letters, digits, `-` and `_`
  ;; have to follow, where its name stands and how long that is.
  (data (i32.const 1024)
    "\00\06\00\00" "\07\00\00\00" "\20\00\00\00" "\80\06\00\00" "\10\00\00\00"  ;; sk-ant-     32  an Anthropic key
    "\08\06\00\00" "\08\00\00\00" "\20\00\00\00" "\90\06\00\00" "\0d\00\00\00"  ;; sk-proj-    32  an OpenAI key
    "\10\06\00\00" "\03\00\00\00" "\20\00\00\00" "\90\06\00\00" "\0d\00\00\00"  ;; sk-         32  an OpenAI key
    "\14\06\00\00" "\04\00\00\00" "\10\00\00\00" "\a0\06\00\00" "\0a\00\00\00"  ;; AKIA        16  an AWS key
    "\18\06\00\00" "\04\00\00\00" "\24\00\00\00" "\ac\06\00\00" "\0e\00\00\00"  ;; ghp_        36  a GitHub token
    "\1c\06\00\00" "\0b\00\00\00" "\16\00\00\00" "\ac\06\00\00" "\0e\00\00\00"  ;; github_pat_ 22  a GitHub token
    "\28\06\00\00" "\05\00\00\00" "\14\00\00\00" "\bc\06\00\00" "\0d\00\00\00"  ;; xoxb-       20  a Slack token
    "\30\06\00\00" "\0b\00\00\00" "\00\00\00\00" "\cc\06\00\00" "\0d\00\00\00") ;; -----BEGIN   0  a private key
  (global $first i32 (i32.const 1024))
  (global $behindLast i32 (i32.const 1184))

  (data (i32.const 0x600) "sk-ant-\00sk-proj-sk-\00AKIAghp_github_pat_\00xoxb-\00\00\00-----BEGIN ")
  (data (i32.const 0x680) "an Anthropic keyan OpenAI key\00\00\00an AWS key\00\00a GitHub token\00\00a Slack token\00\00\00a private key")

  (data (i32.const 0x700) "{\"abi\":1,\"name\":\"secret-guard\",\"version\":\"1.0.0\",\"description\":\"Refuses prompts that hold a credential\",\"hooks\":[\"request\"]}")
  (data (i32.const 0x800) "{\"abi\":1,\"refuse\":{\"status\":422,\"message\":\"The prompt holds what looks like \"")
  (data (i32.const 0x880) ".\",\"code\":\"secret_guard.found\"}}")
  (data (i32.const 0x8c0) "a call was refused: it held a credential")

  ;; The answer is put together here, and the envelope is written from here on: one of each at a time is all there ever is.
  (global $answer i32 (i32.const 4096))
  (global $input i32 (i32.const 8192))

  (func (export "sluice_abi") (result i32) (i32.const 1))

  (func (export "sluice_alloc") (param $len i32) (result i32)
    (local $pages i32)
    (local.set $pages
      (i32.sub
        (i32.shr_u (i32.add (i32.add (global.get $input) (local.get $len)) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (unreachable)))))
    (global.get $input))

  (func (export "sluice_free") (param $ptr i32) (param $len i32))

  (func (export "sluice_describe") (result i64) (call $packed (i32.const 0x700) (i32.const 124)))

  (func (export "sluice_hook") (param $hook i32) (param $ptr i32) (param $len i32) (result i64)
    (local $at i32) (local $end i32) (local $kind i32)
    (if (i32.ne (local.get $hook) (i32.const 1)) (then (return (i64.const 0))))
    (local.set $at (local.get $ptr))
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    (loop $each
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (if (call $mayBegin (i32.load8_u (local.get $at)))
            (then
              (if (local.tee $kind (call $found (local.get $ptr) (local.get $at) (local.get $end)))
                (then
                  (call $log (i32.const 3) (i32.const 0x8c0) (i32.const 40))
                  (return (call $refusal (local.get $kind)))))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $each))))
    (i64.const 0))

  ;; Which kind begins here, as its place in the table; 0 for none.
  (func $found (param $begin i32) (param $at i32) (param $end i32) (result i32)
    (local $kind i32)
    (if (i32.eqz (call $standsAlone (local.get $begin) (local.get $at))) (then (return (i32.const 0))))
    (local.set $kind (global.get $first))
    (loop $each
      (if (i32.eq (i32.load8_u (i32.load (local.get $kind))) (i32.load8_u (local.get $at)))
        (then
          (if (call $fits (local.get $kind) (local.get $at) (local.get $end)) (then (return (local.get $kind))))))
      (local.set $kind (i32.add (local.get $kind) (i32.const 20)))
      (br_if $each (i32.lt_u (local.get $kind) (global.get $behindLast))))
    (i32.const 0))

  ;; s, A, g, x or -: most bytes are told apart here.
  (func $mayBegin (param $byte i32) (result i32)
    (i32.or
      (i32.or (i32.eq (local.get $byte) (i32.const 0x73)) (i32.eq (local.get $byte) (i32.const 0x41)))
      (i32.or
        (i32.or (i32.eq (local.get $byte) (i32.const 0x67)) (i32.eq (local.get $byte) (i32.const 0x78)))
        (i32.eq (local.get $byte) (i32.const 0x2d)))))

  ;; Not within a longer word; the letter of an escape such as \n is none of a word's.
  (func $standsAlone (param $begin i32) (param $at i32) (result i32)
    (if (i32.lt_u (i32.sub (local.get $at) (local.get $begin)) (i32.const 2)) (then (return (i32.const 1))))
    (i32.or
      (i32.eqz (call $isWord (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))))
      (i32.eq (i32.load8_u (i32.sub (local.get $at) (i32.const 2))) (i32.const 0x5c))))

  (func $fits (param $kind i32) (param $at i32) (param $end i32) (result i32)
    (local $prefix i32) (local $length i32) (local $index i32) (local $tail i32)
    (local.set $prefix (i32.load (local.get $kind)))
    (local.set $length (i32.load offset=4 (local.get $kind)))
    (local.set $tail (i32.load offset=8 (local.get $kind)))
    (if (i32.gt_u (i32.add (i32.add (local.get $at) (local.get $length)) (local.get $tail)) (local.get $end))
      (then (return (i32.const 0))))
    (loop $same
      (if (i32.ne
            (i32.load8_u (i32.add (local.get $at) (local.get $index)))
            (i32.load8_u (i32.add (local.get $prefix) (local.get $index))))
        (then (return (i32.const 0))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $same (i32.lt_u (local.get $index) (local.get $length))))
    (local.set $at (i32.add (local.get $at) (local.get $length)))
    (block $whole
      (loop $more
        (br_if $whole (i32.eqz (local.get $tail)))
        (if (i32.eqz (call $isWord (i32.load8_u (local.get $at)))) (then (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $tail (i32.sub (local.get $tail) (i32.const 1)))
        (br $more)))
    (i32.const 1))

  ;; A letter, a digit, - or _.
  (func $isWord (param $byte i32) (result i32)
    (i32.or
      (i32.or
        (i32.lt_u (i32.sub (i32.or (local.get $byte) (i32.const 0x20)) (i32.const 0x61)) (i32.const 26))
        (i32.lt_u (i32.sub (local.get $byte) (i32.const 0x30)) (i32.const 10)))
      (i32.or (i32.eq (local.get $byte) (i32.const 0x2d)) (i32.eq (local.get $byte) (i32.const 0x5f)))))

  (func $refusal (param $kind i32) (result i64)
    (local $at i32)
    (memory.copy (global.get $answer) (i32.const 0x800) (i32.const 76))
    (local.set $at (i32.add (global.get $answer) (i32.const 76)))
    (memory.copy (local.get $at) (i32.load offset=12 (local.get $kind)) (i32.load offset=16 (local.get $kind)))
    (local.set $at (i32.add (local.get $at) (i32.load offset=16 (local.get $kind))))
    (memory.copy (local.get $at) (i32.const 0x880) (i32.const 32))
    (local.set $at (i32.add (local.get $at) (i32.const 32)))
    (call $packed (global.get $answer) (i32.sub (local.get $at) (global.get $answer))))

  (func $packed (param $ptr i32) (param $len i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32))
      (i64.extend_i32_u (local.get $len))))
)
