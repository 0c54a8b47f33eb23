{{/* What is mounted into a server's pod, and from where. */}}

{{/* Where the server writes its process id: only the reloader needs a volume for it. */}}
{{- define "nats.pid-file" -}}
{{- ternary "/var/run/nats/nats.pid" "/var/run/nats.pid" .Values.reloader.enabled -}}
{{- end -}}

{{- define "nats.mounts" -}}
- name: config
  mountPath: /etc/nats-config
{{- if .Values.reloader.enabled }}
- name: pid
  mountPath: /var/run/nats
{{- end }}
{{- with .Values.config.jetstream }}{{ if and .enabled .fileStore.enabled .fileStore.pvc.enabled }}
- name: {{ .fileStore.pvc.name }}
  mountPath: {{ .fileStore.dir | quote }}
{{- end }}{{ end }}
{{- with .Values.config.resolver }}{{ if and .enabled .pvc.enabled }}
- name: {{ .pvc.name }}
  mountPath: {{ .dir | quote }}
{{- end }}{{ end }}
{{- include "nats.ca-mount" . }}
{{- range include "nats.certified" . | fromYamlArray }}
- name: {{ . }}-tls
  mountPath: {{ (index $.Values.config .).tls.dir | quote }}
{{- end }}
{{- end -}}

{{- define "nats.volumes" -}}
- name: config
  configMap:
    name: {{ .Values.configMap.name }}
{{- if .Values.reloader.enabled }}
- name: pid
  emptyDir: {}
{{- end }}
{{- include "nats.ca-volume" . }}
{{- range include "nats.certified" . | fromYamlArray }}
- name: {{ . }}-tls
  secret:
    secretName: {{ (index $.Values.config .).tls.secretName | quote }}
{{- end }}
{{- end -}}

{{- define "nats.ca-mount" -}}
{{- if include "nats.ca-file" . }}
- name: tls-ca
  mountPath: {{ .Values.tlsCA.dir | quote }}
{{- end }}
{{- end -}}

{{- define "nats.ca-volume" -}}
{{- if include "nats.ca-file" . }}
- name: tls-ca
  {{- with .Values.tlsCA.configMapName }}
  configMap:
    name: {{ . | quote }}
  {{- else }}
  secret:
    secretName: {{ .Values.tlsCA.secretName | quote }}
  {{- end }}
{{- end }}
{{- end -}}
