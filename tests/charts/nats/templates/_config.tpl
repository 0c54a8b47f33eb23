{{/* The server's configuration: built as YAML, put out as the JSON-like text that nats-server reads. */}}

{{/* The listeners in the order in which ports, probes and volumes name them. */}}
{{- define "nats.listeners" -}}
[nats, leafnodes, websocket, mqtt, cluster, gateway, monitor, profiling]
{{- end -}}

{{/* "true" when a listener is on. Takes: root, listener. */}}
{{- define "nats.listens" -}}
{{- $listener := index .root.Values.config .listener -}}
{{- if or (eq .listener "nats") $listener.enabled -}}true{{- end -}}
{{- end -}}

{{/* The port entries of a Service. Takes: root, ports (which listeners the Service shows; all when absent). */}}
{{- define "nats.service-ports" -}}
{{- range $listener := include "nats.listeners" . | fromYamlArray }}
{{- $shown := or (not $.ports) (dig $listener "enabled" false ($.ports | default dict)) }}
{{- if and $shown (include "nats.listens" (dict "root" $.root "listener" $listener)) }}
{{- $settings := index $.root.Values.config $listener }}
{{- $http := has $listener (list "websocket" "monitor") }}
{{- $tls := dig "tls" "enabled" false $settings }}
- name: {{ $listener }}
  port: {{ $settings.port }}
  targetPort: {{ $listener }}
  appProtocol: {{ ternary (ternary "https" "http" $tls) (ternary "tls" "tcp" $tls) $http }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The tls block of a listener. Takes: root, listener. */}}
{{- define "nats.tls" -}}
{{- $tls := (index .root.Values.config .listener).tls -}}
{{- $block := dict
  "cert_file" (printf "/etc/nats-certs/%s/tls.crt" .listener)
  "key_file" (printf "/etc/nats-certs/%s/tls.key" .listener) -}}
{{- if .root.Values.tlsCA.enabled -}}
  {{- $_ := set $block "ca_file" (include "nats.ca-file" .root) -}}
{{- end -}}
{{- include "nats.merge" (list $block ($tls.merge | default dict)) -}}
{{- toYaml $block -}}
{{- end -}}

{{- define "nats.ca-file" -}}
{{- printf "%s/%s" .Values.tlsCA.dir .Values.tlsCA.key -}}
{{- end -}}

{{- define "nats.routes" -}}
{{- $cluster := .Values.config.cluster -}}
{{- $scheme := ternary "tls" "nats" $cluster.tls.enabled -}}
{{- $user := "" -}}
{{- with $cluster.routeURLs.user -}}
  {{- $user = printf "%s:%s@" . $cluster.routeURLs.password -}}
{{- end -}}
{{- $domain := include "nats.headless-name" . -}}
{{- if $cluster.routeURLs.useFQDN -}}
  {{- $namespace := .Values.namespaceOverride | default .Release.Namespace -}}
  {{- $domain = printf "%s.%s.svc.%s" $domain $namespace $cluster.routeURLs.k8sClusterDomain -}}
{{- end -}}
{{- range $ordinal := until (int $cluster.replicas) }}
- {{ $scheme }}://{{ $user }}{{ include "nats.set-name" $ }}-{{ $ordinal }}.{{ $domain }}:{{ $cluster.port }}
{{- end }}
{{- end -}}

{{/* One listener's block with its tls and its merge. Takes: root, listener, block (what it always has). */}}
{{- define "nats.block" -}}
{{- $settings := index .root.Values.config .listener -}}
{{- $block := dict "port" $settings.port -}}
{{- include "nats.merge" (list $block .block) -}}
{{- if $settings.tls.enabled -}}
  {{- $_ := set $block "tls" (include "nats.tls" . | fromYaml) -}}
{{- end -}}
{{- include "nats.merge" (list $block ($settings.merge | default dict)) -}}
{{- toYaml $block -}}
{{- end -}}

{{/* The whole configuration as YAML. */}}
{{- define "nats.config" -}}
{{- $config := .Values.config -}}
{{- $conf := dict
  "server_name" "<< $SERVER_NAME >>"
  "lame_duck_grace_period" "10s"
  "lame_duck_duration" "30s"
  "pid_file" "/var/run/nats/nats.pid"
  "port" $config.nats.port -}}
{{- if $config.nats.tls.enabled -}}
  {{- $_ := set $conf "tls" (include "nats.tls" (dict "root" . "listener" "nats") | fromYaml) -}}
{{- end -}}
{{- if $config.monitor.enabled -}}
  {{- $_ := set $conf (ternary "https_port" "http_port" $config.monitor.tls.enabled) $config.monitor.port -}}
{{- end -}}
{{- if $config.profiling.enabled -}}
  {{- $_ := set $conf "prof_port" $config.profiling.port -}}
{{- end -}}
{{- $blocks := dict
  "leafnodes" (dict "no_advertise" true)
  "websocket" (ternary dict (dict "no_tls" true) $config.websocket.tls.enabled)
  "mqtt" dict
  "gateway" (dict "name" (include "nats.fullname" .)) -}}
{{- if $config.cluster.enabled -}}
  {{- $cluster := dict
    "name" (include "nats.fullname" .)
    "no_advertise" true
    "routes" (include "nats.routes" . | fromYamlArray) -}}
  {{- with $config.cluster.routeURLs -}}{{- if .user -}}
    {{- $_ := set $cluster "authorization" (dict "user" .user "password" .password) -}}
  {{- end -}}{{- end -}}
  {{- $_ := set $blocks "cluster" $cluster -}}
{{- end -}}
{{- range $listener, $block := $blocks -}}
  {{- if (index $config $listener).enabled -}}
    {{- $settings := dict "root" $ "listener" $listener "block" $block -}}
    {{- $_ := set $conf $listener (include "nats.block" $settings | fromYaml) -}}
  {{- end -}}
{{- end -}}
{{- with $config.jetstream -}}{{- if .enabled -}}
  {{- $file := 0 -}}
  {{- if .fileStore.enabled -}}
    {{- $file = printf "<< %s >>" (.fileStore.maxSize | default .fileStore.pvc.size) -}}
  {{- end -}}
  {{- $memory := ternary (printf "<< %s >>" .memoryStore.maxSize) 0 .memoryStore.enabled -}}
  {{- $jetstream := dict "store_dir" .fileStore.dir "max_file_store" $file "max_memory_store" $memory -}}
  {{- include "nats.merge" (list $jetstream (.merge | default dict)) -}}
  {{- $_ := set $conf "jetstream" $jetstream -}}
{{- end -}}{{- end -}}
{{- with $config.resolver -}}{{- if .enabled -}}
  {{- $resolver := dict "dir" .dir -}}
  {{- include "nats.merge" (list $resolver (.merge | default dict)) -}}
  {{- $_ := set $conf "resolver" $resolver -}}
{{- end -}}{{- end -}}
{{- include "nats.merge" (list $conf ($config.merge | default dict)) -}}
{{- toYaml $conf -}}
{{- end -}}

{{/*
The configuration as text. toPrettyJson writes < and > as escapes; "<< text >>" loses its quotes, and an
include its key and comma.
*/}}
{{- define "nats.conf" -}}
{{- $text := include "nats.config" . | fromYaml | toPrettyJson -}}
{{- $text = regexReplaceAll `"[^"\n]*\$include": "([^"\n]*)",?` $text "include ${1};" -}}
{{- regexReplaceAll `"\\u003c\\u003c\s*(.*?)\s*\\u003e\\u003e"` $text "${1}" -}}
{{- end -}}

{{/* Every file the reloader watches, as YAML: includes and certificates, by sorted key. Takes: a block. */}}
{{- define "nats.watched" -}}
{{- range $key, $value := . }}
{{- if kindIs "map" $value }}
{{- include "nats.watched" $value }}
{{- else if hasSuffix "$include" $key }}
- /etc/nats-config/{{ $value | trimPrefix "./" }}
{{- else if has $key (list "ca_file" "cert_file" "key_file") }}
- {{ $value }}
{{- end }}
{{- end }}
{{- end -}}
