<?php
/**
 * 500 orders completed in one go: every one is reported once, within the shop's 100 requests in any minute, by the runner
 * that WP-Cron starts once a minute. It takes minutes, so it belongs to the step of the large ones in
 * woocommerce/tests/run.py.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Gate;
use Elmed\WooCommerce\Gate\Proof;
use Elmed\WooCommerce\Orders\Confirm;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Report;

/** @group large */
final class OrdersManyTest extends JourneyCase {

	private const COUNT = 500;
	/** At 100 a minute these are five; the rest is for the runner's pauses. */
	private const MINUTES = 10;

	protected static function begin(): void {
		parent::begin();
		self::product( 'AMX', array( 'medicine' => true, 'stock' => '9000' ) );
		self::sync();
	}

	public function test_500_orders_completed_in_bulk(): void {
		$made = array();
		for ( $number = 0; $number < self::COUNT; $number++ ) {
			$made[ $this->ready() ] = end( $this->prescriptions )['id'];
		}
		delete_option( 'elmed_budget' ); // placing them used it up
		Elmed::say( 'limit', array( 'key_id' => self::$pharmacy['key_id'], 'per_minute' => 120 ) );
		$since = Elmed::say( 'time' );
		$began = microtime( true );
		foreach ( array_keys( $made ) as $id ) {
			self::order( $id )->update_status( 'completed' );
		}
		$completing = microtime( true ) - $began;
		$began      = microtime( true );
		$memory     = 0;
		$busy       = 0.0;
		for ( $minute = 0; self::owed() > 0 && $minute < self::MINUTES; $minute++ ) {
			usleep( (int) max( 0, ( $began + $minute * 60 - microtime( true ) ) * 1e6 ) );
			$run    = microtime( true );
			$memory = max( $memory, (int) Process::run( 'ActionScheduler_QueueRunner::instance()->run( "WP Cron" ); echo memory_get_peak_usage( true );' ) );
			$busy  += microtime( true ) - $run;
		}
		$took  = microtime( true ) - $began;
		$calls = Elmed::say( 'calls', array( 'since' => $since ) );
		$most  = self::mostInAMinute( array_column( $calls, 'at' ) );
		fwrite( STDERR, sprintf( "\n%d orders: completed in %.0f s, reported in %.0f s (runner at work %.0f s), %.0f MB, %d requests, at most %d in a minute\n", self::COUNT, $completing, $took, $busy, $memory / 1048576, count( $calls ), $most ) );

		$this->assertSame( 0, self::owed() );
		foreach ( $made as $id => $prescription ) {
			$this->assertSame( Report::DONE, Report::ofDispense()->state( self::order( $id ) ) );
			$found = Elmed::say( 'status', array( 'id' => $prescription ) )['dispenses'];
			$this->assertSame( array( (string) $id ), array_column( $found, 'external_reference' ) );
			$this->assertEquals( 21, array_sum( $found[0]['lines'] ) );
		}
		$this->assertLessThanOrEqual( 100, $most );
		$this->assertLessThan( 128, $memory / 1048576 );
		$this->assertSame( '', Site::debugLog() );
	}

	/** @var array<int, array<string, mixed>> */
	private array $prescriptions = array();

	/** A paid order that was checked and confirmed; its id. */
	private function ready(): int {
		$made    = self::prescription();
		$order   = self::made( self::inShop( 'AMX' ) );
		$verdict = ( new Gate() )->admit( Basket::ofOrder( $order ), new Proof( $made['reference'], $made['date_of_birth'] ), false, Attempt::ofOrder( $order ) );
		self::assertFalse( $verdict->refused(), (string) $verdict->reason );
		OrderState::letThrough( $order, $verdict );
		Attempt::ofOrder( $order )->forget();
		delete_option( 'elmed_budget' );
		( new Confirm() )->run( $order->get_id() );
		self::order( $order->get_id() )->payment_complete();
		$this->prescriptions[] = $made;
		return $order->get_id();
	}

	/** Orders whose report is not done. */
	private static function owed(): int {
		wp_cache_flush();
		$done = wc_get_orders( array( 'limit' => -1, 'return' => 'ids', 'meta_key' => OrderState::DISPENSE, 'meta_value' => Report::DONE ) );
		return self::COUNT - count( $done );
	}

	/** @param array<int, float> $times */
	private static function mostInAMinute( array $times ): int {
		sort( $times );
		$most = 0;
		foreach ( $times as $at => $time ) {
			$most = max( $most, count( array_filter( array_slice( $times, $at ), static fn ( $later ) => $later < $time + 60 ) ) );
		}
		return $most;
	}
}
