{{/* RFC 6902: a list of edits, each at an exact place. */}}

{{/* Make the edits. Takes: value, patch (the list), where (for errors); sets value. */}}
{{- define "nats.patch" -}}
{{- $spot := . -}}
{{- $patch := .patch | default list -}}
{{- if not (kindIs "slice" $patch) -}}
  {{- fail (printf "the patch of %s is no list" .where) -}}
{{- end -}}
{{- range $number, $step := $patch -}}
  {{- $where := printf "step %d in the patch of %s" (add1 $number) $spot.where -}}
  {{- if not (kindIs "map" $step) -}}{{- fail (printf "%s is no map" $where) -}}{{- end -}}
  {{- $needs := dict
    "add" (list "path" "value")
    "remove" (list "path")
    "replace" (list "path" "value")
    "test" (list "path" "value")
    "move" (list "path" "from")
    "copy" (list "path" "from") -}}
  {{- $op := toString $step.op -}}
  {{- if not (hasKey $needs $op) -}}{{- fail (printf "%s has no op that RFC 6902 knows: %s" $where $op) -}}{{- end -}}
  {{- range get $needs $op -}}
    {{- if not (hasKey $step .) -}}{{- fail (printf "%s (%s) has no %s" $where $op .) -}}{{- end -}}
  {{- end -}}
  {{- $path := dict "text" $step.path "where" $where -}}
  {{- include "nats.pointer" $path -}}
  {{- /* A copy, so that a later step does not change the values. */ -}}
  {{- $value := get (dict "value" $step.value | toJson | fromJson) "value" -}}
  {{- $edit := dict "node" $spot.value "tokens" $path.tokens "op" $op "value" $value "where" $where -}}
  {{- if has $op (list "move" "copy") -}}
    {{- $from := dict "text" $step.from "where" $where -}}
    {{- include "nats.pointer" $from -}}
    {{- if and (eq $op "move") (hasPrefix (printf "%s/" $step.from) $step.path) -}}
      {{- fail (printf "%s moves %s into itself" $where $step.from) -}}
    {{- end -}}
    {{- $source := dict "node" $spot.value "tokens" $from.tokens "op" "get" "where" $where -}}
    {{- include "nats.edit" $source -}}
    {{- $_ := set $edit "value" (get (dict "value" $source.found | toJson | fromJson) "value") -}}
    {{- if eq $op "move" -}}
      {{- $_ := set $source "op" "remove" -}}
      {{- include "nats.edit" $source -}}
      {{- $_ := set $edit "node" $source.node -}}
    {{- end -}}
    {{- $_ := set $edit "op" "add" -}}
  {{- else if eq $op "test" -}}
    {{- $_ := set $edit "op" "get" -}}
  {{- end -}}
  {{- include "nats.edit" $edit -}}
  {{- if and (eq $op "test") (not (deepEqual $edit.found $value)) -}}
    {{- fail (printf "%s: at %s is %s, not %s" $where $step.path (toJson $edit.found) (toJson $value)) -}}
  {{- end -}}
  {{- $_ := set $spot "value" $edit.node -}}
{{- end -}}
{{- end -}}

{{/* Part a pointer into what it names, step by step. Takes: text, where; sets tokens. */}}
{{- define "nats.pointer" -}}
{{- $tokens := list -}}
{{- if not (and (kindIs "string" .text) (regexMatch `^(/|$)` .text)) -}}
  {{- fail (printf "%s: %v is no pointer: it is empty or starts with /" .where .text) -}}
{{- end -}}
{{- if .text -}}
  {{- range .text | trimPrefix "/" | splitList "/" -}}
    {{- $tokens = append $tokens (. | replace "~1" "/" | replace "~0" "~") -}}
  {{- end -}}
{{- end -}}
{{- $_ := set . "tokens" $tokens -}}
{{- end -}}

{{/*
One edit: add, remove, replace, or get, which finds. Lists cannot be changed in place, so each step on the way puts back
what became of its child. Takes: node, tokens, op, value, where; sets node and found.
*/}}
{{- define "nats.edit" -}}
{{- if not .tokens -}}
  {{- $_ := set . "found" .node -}}
  {{- if has .op (list "add" "replace") -}}{{- $_ := set . "node" .value -}}{{- end -}}
  {{- if eq .op "remove" -}}{{- $_ := set . "node" nil -}}{{- end -}}
{{- else if kindIs "map" .node -}}
  {{- $key := first .tokens -}}
  {{- $last := eq (len .tokens) 1 -}}
  {{- if and $last (eq .op "add") -}}
    {{- $_ := set .node $key .value -}}
  {{- else if not (hasKey .node $key) -}}
    {{- fail (printf "%s: there is no %s" .where $key) -}}
  {{- else if and $last (eq .op "remove") -}}
    {{- $_ := unset .node $key -}}
  {{- else -}}
    {{- $child := dict "node" (get .node $key) "tokens" (rest .tokens) "op" .op "value" .value "where" .where -}}
    {{- include "nats.edit" $child -}}
    {{- $_ := set .node $key $child.node -}}
    {{- $_ := set . "found" $child.found -}}
  {{- end -}}
{{- else if kindIs "slice" .node -}}
  {{- include "nats.edit-list" . -}}
{{- else -}}
  {{- fail (printf "%s: there is no %s in a %s" .where (first .tokens) (kindOf .node)) -}}
{{- end -}}
{{- end -}}

{{/* The same in a list, whose keys are numbers, and `-` is the place after the last. */}}
{{- define "nats.edit-list" -}}
{{- $edit := . -}}
{{- $key := first .tokens -}}
{{- $grows := and (eq (len .tokens) 1) (eq .op "add") -}}
{{- $shrinks := and (eq (len .tokens) 1) (eq .op "remove") -}}
{{- $length := len .node -}}
{{- if and $grows (eq $key "-") -}}{{- $key = toString $length -}}{{- end -}}
{{- if not (regexMatch `^(0|[1-9][0-9]{0,8})$` $key) -}}
  {{- fail (printf "%s: %s is no place in a list" .where $key) -}}
{{- end -}}
{{- $index := int $key -}}
{{- if ge $index (ternary (add1 $length | int) $length $grows) -}}
  {{- fail (printf "%s: there is no place %d in a list of %d" .where $index $length) -}}
{{- end -}}
{{- $items := list -}}
{{- range $number, $item := .node -}}
  {{- if ne $number $index -}}
    {{- $items = append $items $item -}}
  {{- else if $grows -}}
    {{- $items = append (append $items $edit.value) $item -}}
  {{- else if not $shrinks -}}
    {{- $child := dict "node" $item "tokens" (rest $edit.tokens) "op" $edit.op "value" $edit.value "where" $edit.where -}}
    {{- include "nats.edit" $child -}}
    {{- $items = append $items $child.node -}}
    {{- $_ := set $edit "found" $child.found -}}
  {{- end -}}
{{- end -}}
{{- if and $grows (eq $index $length) -}}{{- $items = append $items .value -}}{{- end -}}
{{- $_ := set . "node" $items -}}
{{- end -}}
