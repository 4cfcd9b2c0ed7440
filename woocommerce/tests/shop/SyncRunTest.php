<?php
/**
 * A sync as a whole: where it stops, why, how it goes on, and that one bad product or another account's key never spoils it.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Plugin;
use Elmed\WooCommerce\Sync\Account;
use Elmed\WooCommerce\Sync\Item;
use Elmed\WooCommerce\Sync\Problem;
use Elmed\WooCommerce\Sync\ProductMeta;
use Elmed\WooCommerce\Sync\Run;
use Elmed\WooCommerce\Sync\RunState;
use Elmed\WooCommerce\Sync\Schedule;

require_once __DIR__ . '/SyncCase.php';

final class SyncRunTest extends SyncCase {

	public function test_a_product_that_elmed_no_longer_has_is_hidden_after_a_complete_sync_only(): void {
		$gone = $this->inElmed( 'GONE' );
		$this->inElmed( 'STAYS' );
		$this->sync();
		Elmed::say( 'product_gone', array( 'id' => $gone['id'] ) );
		( new Run() )->start( 'manual', false );
		$this->assertSame( 'changes', $this->goOn()->kind );
		$this->assertSame( 'publish', $this->inShop( 'GONE' )->get_status() );

		$this->assertSame( 1, $this->sync()->counts['retired'] );
		$this->assertSame( array( 'draft', false ), array( $this->inShop( 'GONE' )->get_status(), $this->inShop( 'GONE' )->is_purchasable() ) );
		$this->assertSame( 'publish', $this->inShop( 'STAYS' )->get_status() );
		$this->assertSame( 0, $this->sync()->counts['retired'], 'once is enough' );
	}

	public function test_a_cancelled_sync_hides_nothing_and_goes_on_where_it_stopped(): void {
		Elmed::say( 'products_many', array( 'count' => 60, 'prefix' => 'SYNCRUN', 'pharmacy' => $this->pharmacy['pharmacy_id'] ) );
		$run = new Run();
		$run->start( 'manual' );
		$run->step();
		$this->assertSame( 50, RunState::load()->counts['seen'] );
		$run->cancel();
		$this->assertSame( array( 'cancelled', 'draft' => 0 ), array( RunState::load()->state, 'draft' => $this->drafts() ) );
		$this->assertSame( 'cancelled', $run->step()->state, 'nothing happens to one that was cancelled' );

		$run->resume();
		$ended = $this->goOn();
		$this->assertSame( array( 60, 60, 0 ), array( $ended->counts['seen'], $ended->counts['created'], $this->drafts() ) );
	}

	public function test_a_wish_to_cancel_is_seen_in_the_middle_of_a_page(): void {
		Elmed::say( 'products_many', array( 'count' => 10, 'prefix' => 'SYNCRUN', 'pharmacy' => $this->pharmacy['pharmacy_id'] ) );
		$state = ( new Run() )->start( 'manual' );
		$done  = 0;
		add_action(
			'elmed_product_synced',
			static function () use ( &$done, $state ) {
				if ( 3 === ++$done ) {
					RunState::cancel( $state->id );
				}
			}
		);
		$this->assertSame( array( 'cancelled', 3 ), array( ( new Run() )->step()->state, $done ) );
	}

	public function test_two_starts_are_one_sync(): void {
		$first = ( new Run() )->start( 'manual' );
		$this->assertSame( $first->id, ( new Run() )->start( 'schedule', false )->id );
	}

	public function test_a_key_that_is_refused_ends_it_at_once_and_changes_nothing(): void {
		$this->inElmed( 'ONE' );
		$this->sync();
		update_option( 'elmed_api_key', 'elm_' . str_repeat( '0', 64 ), false );
		$this->assertSame( 'key_refused', $this->sync( 'failed' )->error );
		$this->assertSame( 'publish', $this->inShop( 'ONE' )->get_status() );
	}

	public function test_elmed_away_is_waited_for_longer_each_time_and_then_a_person_is_asked(): void {
		$this->inElmed( 'ONE' );
		Elmed::say( 'stop' );
		( new Run() )->start( 'manual' );
		foreach ( Run::BACKOFF as $seconds ) {
			$state = ( new Run() )->step();
			$this->assertSame( array( 'running', 'unreachable' ), array( $state->state, $state->error ) );
			$this->assertEqualsWithDelta( time() + $seconds, $state->next_at, 2 );
			$this->assertSame( $state->failures, ( new Run() )->step()->failures, 'before its time nothing is tried' );
			$state->next_at = 0;
			$state->keep();
		}
		$this->assertSame( 'failed', ( new Run() )->step()->state );

		Elmed::say( 'start' );
		( new Run() )->resume();
		$this->assertSame( 1, $this->goOn()->counts['created'] );
	}

	public function test_the_key_of_another_account_changes_nothing_until_a_person_says_so(): void {
		$this->inElmed( 'BOTH' );
		$old = $this->inElmed( 'OLD' );
		$this->sync();
		$id             = $this->inShop( 'BOTH' )->get_id();
		$this->pharmacy = Elmed::say( 'pharmacy' );
		update_option( 'elmed_api_key', $this->pharmacy['key'], false );
		$both = $this->inElmed( 'BOTH', array( 'price' => '7.77' ) );
		$this->assertSame( 'other_account', $this->sync( 'failed' )->error );
		$this->assertSame( array( '4.25', 'publish', 1 ), array( $this->inShop( 'BOTH' )->get_regular_price(), $this->inShop( 'OLD' )->get_status(), $this->productsOf( $old ) ) );

		Account::change();
		$this->sync();
		$this->assertSame( array( $id, '7.77', 1 ), array( $this->inShop( 'BOTH' )->get_id(), $this->inShop( 'BOTH' )->get_regular_price(), $this->productsOf( $both ) ) );
		$this->assertSame( array( 'draft', array() ), array( $this->inShop( 'OLD' )->get_status(), $this->problemsOf( 'BOTH' ) ) );
	}

	public function test_a_key_that_is_changed_in_the_middle_is_asked_whose_it_is(): void {
		Elmed::say( 'products_many', array( 'count' => 60, 'prefix' => 'SYNCRUN', 'pharmacy' => $this->pharmacy['pharmacy_id'] ) );
		( new Run() )->start( 'manual' );
		( new Run() )->step();
		$same = Elmed::say( 'key', array( 'pharmacy' => $this->pharmacy['pharmacy_id'] ) );
		$other = Elmed::say( 'pharmacy' );
		update_option( 'elmed_api_key', $other['key'], false );
		$this->assertSame( 'other_account', $this->goOn( 'failed' )->error );
		$this->assertSame( 0, $this->drafts() );

		update_option( 'elmed_api_key', $same['key'], false );
		( new Run() )->resume();
		$this->goOn();
		$this->assertSame( array( 0, 60 ), array( $this->drafts(), (int) $GLOBALS['wpdb']->get_var( "SELECT COUNT(*) FROM {$GLOBALS['wpdb']->postmeta} WHERE meta_key = '_elmed_product_id'" ) ) );
	}

	public function test_a_product_that_another_plugin_fails_on_is_set_aside(): void {
		$this->inElmed( 'GOOD' );
		$this->inElmed( 'BAD' );
		add_action(
			'woocommerce_before_product_object_save',
			static function ( $product ) {
				if ( 'BAD' === $product->get_sku() ) {
					throw new \RuntimeException( 'another plugin' );
				}
			}
		);
		$ended = $this->sync();
		$this->assertSame( array( 1, 1 ), array( $ended->counts['created'], $ended->counts['problem'] ) );
		$this->assertSame( array( 'not_saved' ), $this->problemsOf( 'BAD' ) );
		$this->assertSame( 'publish', $this->inShop( 'GOOD' )->get_status() );
	}

	public function test_a_product_that_the_database_gave_up_is_told_and_comes_with_the_next_sync(): void {
		$one  = $this->inElmed( 'ONE' );
		$lost = static fn ( $query ) => 0 === strpos( $query, 'INSERT' ) && false !== strpos( $query, ProductMeta::HASH ) ? 'SELECT 1' : $query;
		add_filter( 'query', $lost );
		$this->sync();
		$this->assertSame( array( 'busy' ), $this->problemsOf( 'ONE' ) );

		remove_filter( 'query', $lost );
		$this->sync();
		$this->assertSame( array( array(), 1 ), array( $this->problemsOf( 'ONE' ), $this->productsOf( $one ) ) );
	}

	public function test_a_product_that_killed_php_twice_is_left_out_and_the_others_come(): void {
		$bad = $this->inElmed( 'BAD' );
		$this->inElmed( 'GOOD' );
		update_option( 'elmed_sync_suspect', array( 'id' => $bad['id'], 'crashes' => 1 ), false );
		$this->sync();
		$this->assertSame( array( 'crashed' ), $this->problemsOf( 'BAD' ) );
		$this->assertSame( 'publish', $this->inShop( 'GOOD' )->get_status() );

		$this->sync();
		$this->assertSame( array(), $this->problemsOf( 'BAD' ), 'the next sync tries it again' );
	}

	/** @dataProvider malformed */
	public function test_what_is_no_product_is_refused( array $change ): void {
		$good = array( 'id' => 1, 'sku' => 'A', 'name' => 'B', 'description' => '', 'price' => '1.00', 'currency' => 'GBP', 'stock' => '1', 'active' => true );
		$this->assertSame( 'A', Item::from( $good )->sku );
		$this->expectException( Problem::class );
		Item::from( $change + $good );
	}

	public static function malformed(): array {
		return array( 'no sku' => array( array( 'sku' => ' ' ) ), 'no name' => array( array( 'name' => null ) ), 'a float' => array( array( 'price' => 1.5 ) ), 'words for stock' => array( array( 'stock' => 'many' ) ), 'no id' => array( array( 'id' => '1' ) ) );
	}

	public function test_what_is_not_said_about_a_product_is_taken_for_the_stricter(): void {
		$item = Item::from( array( 'id' => 1, 'sku' => 'A', 'name' => 'B' ) );
		$this->assertSame( array( true, true, false ), array( $item->requires_prescription, $item->is_controlled, $item->active ) );
	}

	public function test_a_running_sync_has_one_job_and_an_ended_one_none(): void {
		$this->inElmed( 'ONE' );
		( new Run() )->start( 'manual' );
		$this->assertCount( 1, $this->jobs( Schedule::STEP ) );
		( new Schedule() )->step();
		$this->assertSame( array( 'done', array() ), array( RunState::load()->state, $this->jobs( Schedule::STEP ) ) );
	}

	public function test_a_step_whose_process_dies_is_taken_up_again(): void {
		( new Run() )->start( 'manual' );
		add_filter(
			'pre_http_request',
			function () {
				$jobs = $this->jobs( Schedule::STEP );
				$this->assertCount( 1, $jobs );
				$this->assertEqualsWithDelta( time() + 120, reset( $jobs )->get_schedule()->get_date()->getTimestamp(), 5 );
				return new \WP_Error( 'seen' );
			}
		);
		( new Schedule() )->step();
	}

	public function test_the_automatic_sync_is_laid_up_by_the_setting_and_taken_back_by_deactivation(): void {
		update_option( 'elmed_auto_sync', 'hourly' );
		( new Schedule() )->renew();
		( new Schedule() )->ensure();
		$this->assertCount( 1, $this->jobs( Schedule::AUTO ) );
		update_option( 'elmed_auto_sync', 'off' );
		( new Schedule() )->renew();
		$this->assertCount( 0, $this->jobs( Schedule::AUTO ) );

		update_option( 'elmed_auto_sync', 'daily' );
		( new Schedule() )->renew();
		( new Run() )->start( 'manual' );
		Plugin::deactivate();
		$this->assertSame( array(), as_get_scheduled_actions( array( 'group' => 'elmed', 'status' => 'pending' ), 'ids' ) );
	}

	public function test_the_automatic_sync_asks_for_changes_and_once_a_day_for_everything(): void {
		update_option( 'elmed_auto_sync', 'hourly' );
		( new Schedule() )->begin();
		$this->assertSame( 'full', $this->goOn()->kind );
		( new Schedule() )->begin();
		$this->assertSame( 'changes', $this->goOn()->kind );
		$last                        = RunState::last();
		$last['full']['finished_at'] = time() - DAY_IN_SECONDS - 1;
		update_option( 'elmed_sync_last', $last, false );
		( new Schedule() )->begin();
		$this->assertSame( array( 'full', 'schedule' ), array( $this->goOn()->kind, RunState::load()->source ) );
	}

	/** @return array<int, \ActionScheduler_Action> */
	private function jobs( string $hook ): array {
		return as_get_scheduled_actions( array( 'hook' => $hook, 'group' => 'elmed', 'status' => 'pending' ) );
	}

	private function drafts(): int {
		global $wpdb;
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID AND m.meta_key = %s WHERE p.post_status = 'draft'", ProductMeta::ID ) );
	}
}
