ALTER TABLE "job_slices" ADD COLUMN "not_before" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "job_workers" ADD COLUMN "models" text[];--> statement-breakpoint
CREATE INDEX "job_slices_not_before" ON "job_slices" USING btree ("not_before") WHERE not_before is not null;