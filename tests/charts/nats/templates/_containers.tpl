{{/* The three containers of a server's pod, and its volumes. */}}

{{/* The listeners whose certificate is mounted, in order. */}}
{{- define "nats.certified" -}}
{{- range $listener := include "nats.listeners" . | fromYamlArray }}
{{- $tls := (index $.Values.config $listener).tls | default dict }}
{{- if and $tls.enabled $tls.secretName (include "nats.listens" (dict "root" $ "listener" $listener)) }}
- {{ $listener }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "nats.certificate-mounts" -}}
{{- with .Values.tlsCA }}{{ if .enabled }}
- name: tls-ca
  mountPath: {{ .dir }}
{{- end }}{{ end }}
{{- range include "nats.certified" . | fromYamlArray }}
- name: {{ . }}-tls
  mountPath: /etc/nats-certs/{{ . }}
{{- end }}
{{- end -}}

{{- define "nats.volumes" -}}
- name: config
  configMap:
    name: {{ include "nats.config-name" . }}
- name: pid
  emptyDir: {}
{{- include "nats.ca-volume" . }}
{{- range include "nats.certified" . | fromYamlArray }}
- name: {{ . }}-tls
  secret:
    secretName: {{ (index $.Values.config .).tls.secretName }}
{{- end }}
{{- end -}}

{{- define "nats.ca-volume" -}}
{{- with .Values.tlsCA }}{{ if .enabled }}
- name: tls-ca
  secret:
    secretName: {{ .secretName }}
{{- end }}{{ end }}
{{- end -}}

{{/* A probe. Takes: root, path, every (seconds), failures. */}}
{{- define "nats.probe" -}}
httpGet:
  path: {{ .path }}
  port: monitor
  {{- if .root.Values.config.monitor.tls.enabled }}
  scheme: HTTPS
  {{- end }}
initialDelaySeconds: 10
timeoutSeconds: 5
periodSeconds: {{ .every }}
successThreshold: 1
failureThreshold: {{ .failures }}
{{- end -}}

{{- define "nats.server" -}}
{{- $config := .Values.config -}}
name: nats
image: {{ .Values.container.image.repository }}:{{ .Values.container.image.tag }}
args: [--config, /etc/nats-config/nats.conf]
env:
  - name: POD_NAME
    valueFrom:
      fieldRef: {fieldPath: metadata.name}
  - name: SERVER_NAME
    value: {{ printf "%s$(POD_NAME)" $config.serverNamePrefix | quote }}
  {{- range $name, $value := .Values.container.env }}
  - name: {{ $name }}
    {{- if kindIs "map" $value }}
    {{- toYaml $value | nindent 4 }}
    {{- else }}
    value: {{ $value | quote }}
    {{- end }}
  {{- end }}
ports:
  {{- range $listener := include "nats.listeners" . | fromYamlArray }}
  {{- if include "nats.listens" (dict "root" $ "listener" $listener) }}
  - name: {{ $listener }}
    containerPort: {{ (index $config $listener).port }}
  {{- end }}
  {{- end }}
lifecycle:
  preStop:
    exec: {command: [nats-server, -sl=ldm=/var/run/nats/nats.pid]}
{{- if $config.monitor.enabled }}
startupProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz" "every" 10 "failures" 90) | nindent 2 }}
readinessProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz?js-server-only=true" "every" 10 "failures" 3) | nindent 2 }}
livenessProbe:
  {{- include "nats.probe" (dict "root" . "path" "/healthz?js-enabled-only=true" "every" 30 "failures" 3) | nindent 2 }}
{{- end }}
resources: {}
volumeMounts:
  - name: config
    mountPath: /etc/nats-config
  - name: pid
    mountPath: /var/run/nats
  {{- with $config.jetstream }}{{ if and .enabled .fileStore.enabled .fileStore.pvc.enabled }}
  - name: {{ include "nats.fullname" $ }}-js
    mountPath: {{ .fileStore.dir }}
  {{- end }}{{ end }}
  {{- with $config.resolver }}{{ if and .enabled .pvc.enabled }}
  - name: {{ include "nats.fullname" $ }}-resolver
    mountPath: {{ .dir }}
  {{- end }}{{ end }}
  {{- include "nats.certificate-mounts" . | nindent 2 }}
{{- end -}}

{{- define "nats.reloader" -}}
name: reloader
image: {{ .Values.reloader.image.repository }}:{{ .Values.reloader.image.tag }}
args:
  - -pid
  - /var/run/nats/nats.pid
  - -config
  - /etc/nats-config/nats.conf
  {{- range include "nats.watched" (include "nats.config" . | fromYaml) | fromYamlArray }}
  - -config
  - {{ . }}
  {{- end }}
volumeMounts:
  - name: pid
    mountPath: /var/run/nats
  - name: config
    mountPath: /etc/nats-config
  {{- include "nats.certificate-mounts" . | nindent 2 }}
{{- end -}}

{{- define "nats.exporter" -}}
{{- $config := .Values.config -}}
name: prom-exporter
image: {{ .Values.promExporter.image.repository }}:{{ .Values.promExporter.image.tag }}
ports:
  - name: prom-metrics
    containerPort: {{ .Values.promExporter.port }}
args:
  - -port={{ .Values.promExporter.port }}
  - -connz
  - -routez
  - -subz
  - -varz
  - -prefix=nats
  - -use_internal_server_id
  {{- if $config.jetstream.enabled }}
  - -jsz=all
  {{- end }}
  {{- if $config.leafnodes.enabled }}
  - -leafz
  {{- end }}
  {{- if $config.gateway.enabled }}
  - -gatewayz
  {{- end }}
  - {{ ternary "https" "http" $config.monitor.tls.enabled }}://localhost:{{ $config.monitor.port }}/
{{- end -}}
