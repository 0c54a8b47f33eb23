{{/* The server's configuration, as YAML. Each section gets its own merge and patch, then the whole gets its. */}}

{{/* Give a section its merge and patch, and put it into the configuration. Takes: conf, key, value, section, where. */}}
{{- define "nats.section" -}}
{{- $spot := dict "value" .value "merge" .section.merge "patch" .section.patch "where" .where -}}
{{- include "nats.overlay" $spot -}}
{{- $_ := set .conf .key ($spot.value | default dict) -}}
{{- end -}}

{{/* Put the tls of a listener that has it into its block. Takes: root, listener, block. */}}
{{- define "nats.tls" -}}
{{- with (index .root.Values.config .listener).tls -}}{{- if .enabled -}}
  {{- $tls := dict -}}
  {{- if .secretName -}}
    {{- $dir := trimSuffix "/" .dir -}}
    {{- $_ := set $tls "cert_file" (printf "%s/%s" $dir (.cert | default "tls.crt")) -}}
    {{- $_ := set $tls "key_file" (printf "%s/%s" $dir (.key | default "tls.key")) -}}
  {{- end -}}
  {{- with include "nats.ca-file" $.root -}}{{- $_ := set $tls "ca_file" . -}}{{- end -}}
  {{- $where := printf "config.%s.tls" $.listener -}}
  {{- include "nats.section" (dict "conf" $.block "key" "tls" "value" $tls "section" . "where" $where) -}}
{{- end -}}{{- end -}}
{{- end -}}

{{/* Where the authority's certificate is, or nothing. */}}
{{- define "nats.ca-file" -}}
{{- with .Values.tlsCA -}}{{- if and .enabled (or .configMapName .secretName) -}}
{{- printf "%s/%s" (trimSuffix "/" .dir) .key -}}
{{- end -}}{{- end -}}
{{- end -}}

{{/* "true" when routes carry a user: there is none without a password. */}}
{{- define "nats.route-user" -}}
{{- with .Values.config.cluster.routeURLs -}}{{- if and .user .password -}}true{{- end -}}{{- end -}}
{{- end -}}

{{- define "nats.routes" -}}
{{- $cluster := .Values.config.cluster -}}
{{- $scheme := ternary "tls" "nats" $cluster.tls.enabled -}}
{{- $user := "" -}}
{{- if include "nats.route-user" . -}}
  {{- $user = printf "%s:%s@" (urlquery $cluster.routeURLs.user) (urlquery $cluster.routeURLs.password) -}}
{{- end -}}
{{- $domain := .Values.headlessService.name -}}
{{- if $cluster.routeURLs.useFQDN -}}
  {{- $namespace := .Values.namespaceOverride | default .Release.Namespace -}}
  {{- $domain = printf "%s.%s.svc.%s" $domain $namespace $cluster.routeURLs.k8sClusterDomain -}}
{{- end -}}
{{- range $ordinal := until (int $cluster.replicas) }}
- {{ $scheme }}://{{ $user }}{{ $.Values.statefulSet.name }}-{{ $ordinal }}.{{ $domain }}:{{ $cluster.port }}
{{- end }}
{{- end -}}

{{/* What each listener's block always has, by listener. */}}
{{- define "nats.blocks" -}}
leafnodes: {no_advertise: true}
websocket: {{ ternary dict (dict "no_tls" true) .Values.config.websocket.tls.enabled | toJson }}
mqtt: {}
gateway: {name: {{ .Values.statefulSet.name | quote }}}
{{- with .Values.config.cluster }}{{ if .enabled }}
cluster:
  name: {{ $.Values.statefulSet.name | quote }}
  no_advertise: {{ .noAdvertise | toJson }}
  routes:
    {{- include "nats.routes" $ | nindent 4 }}
  {{- if include "nats.route-user" $ }}
  authorization: {{ pick .routeURLs "user" "password" | toJson }}
  {{- end }}
{{- end }}{{ end }}
{{- end -}}

{{/* The limits of JetStream. A file store without a volume of its own has none but its own. */}}
{{- define "nats.jetstream" -}}
{{- $files := .Values.config.jetstream.fileStore -}}
{{- $memory := .Values.config.jetstream.memoryStore -}}
{{- $limit := $files.maxSize | default (ternary $files.pvc.size "" (not (not $files.pvc.enabled))) -}}
{{- if not $files.enabled }}
max_file_store: 0
{{- else }}
store_dir: {{ $files.dir | quote }}
{{- with $limit }}
max_file_store: "<< {{ . }} >>"
{{- end }}
{{- end }}
max_memory_store: {{ ternary (printf "<< %v >>" $memory.maxSize | quote) "0" $memory.enabled }}
{{- end -}}

{{/* What stands outside of every block. A port that values give as text is a number here, too. */}}
{{- define "nats.top" -}}
server_name: "<< $SERVER_NAME >>"
lame_duck_grace_period: 10s
lame_duck_duration: 30s
pid_file: {{ include "nats.pid-file" . }}
port: {{ .Values.config.nats.port }}
{{- with .Values.config.monitor }}{{ if .enabled }}
{{ ternary "https_port" "http_port" .tls.enabled }}: {{ .port }}
{{- end }}{{ end }}
{{- with .Values.config.profiling }}{{ if .enabled }}
prof_port: {{ .port }}
{{- end }}{{ end }}
{{- end -}}

{{/* The whole configuration as YAML. */}}
{{- define "nats.config" -}}
{{- $config := .Values.config -}}
{{- $conf := include "nats.top" . | fromYaml -}}
{{- include "nats.tls" (dict "root" . "listener" "nats" "block" $conf) -}}
{{- $sections := include "nats.blocks" . | fromYaml -}}
{{- range $listener, $block := $sections -}}
  {{- $port := printf "port: %s" (toString (index $config $listener).port | replace "<nil>" "") | fromYaml -}}
  {{- $_ := set $block "port" $port.port -}}
  {{- include "nats.tls" (dict "root" $ "listener" $listener "block" $block) -}}
{{- end -}}
{{- $_ := set $sections "jetstream" (include "nats.jetstream" . | fromYaml) -}}
{{- $_ := set $sections "resolver" (dict "dir" $config.resolver.dir) -}}
{{- range $key, $value := $sections -}}
  {{- $section := index $config $key -}}
  {{- if $section.enabled -}}
    {{- $where := printf "config.%s" $key -}}
    {{- include "nats.section" (dict "conf" $conf "key" $key "value" $value "section" $section "where" $where) -}}
  {{- end -}}
{{- end -}}
{{- include "nats.section" (dict "conf" . "key" "whole" "value" $conf "section" $config "where" "config") -}}
{{- toYaml .whole -}}
{{- end -}}
