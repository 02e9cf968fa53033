-- No release has written to this table: it is empty.
ALTER TABLE "api_metrics" DROP CONSTRAINT "api_metrics_minute_instance_method_route_status_pk";--> statement-breakpoint
ALTER TABLE "api_metrics" ADD COLUMN "tenant_id" text NOT NULL;--> statement-breakpoint
ALTER TABLE "api_metrics" ADD COLUMN "durations" integer[] NOT NULL;--> statement-breakpoint
ALTER TABLE "api_metrics" ADD CONSTRAINT "api_metrics_minute_instance_tenant_id_method_route_status_pk" PRIMARY KEY("minute","instance","tenant_id","method","route","status");
